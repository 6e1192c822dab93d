import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it, onTestFinished } from 'vitest'
import { pinned, vacant } from '../../../src/node/network/listen-addresses.js'

const peer = '/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'

it.each<[string, string[], string[], string[]]>([
  ['any port', ['/ip4/127.0.0.1/tcp/0'], [`/ip4/127.0.0.1/tcp/4001${peer}`], ['/ip4/127.0.0.1/tcp/4001']],
  [
    'any port of all networks',
    ['/ip4/0.0.0.0/tcp/0'],
    ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.0.2.7/tcp/4001'],
    ['/ip4/0.0.0.0/tcp/4001'],
  ],
  ['a port of its own', ['/ip4/0.0.0.0/tcp/4001'], ['/ip4/127.0.0.1/tcp/4001'], ['/ip4/0.0.0.0/tcp/4001']],
  [
    'TCP and WebSockets',
    ['/ip4/127.0.0.1/tcp/0/ws', '/ip4/127.0.0.1/tcp/0'],
    ['/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/tcp/4002/ws'],
    ['/ip4/127.0.0.1/tcp/4002/ws', '/ip4/127.0.0.1/tcp/4001'],
  ],
  [
    'two of a kind',
    ['/ip6/::/tcp/0', '/ip6/::/tcp/0'],
    ['/ip6/::1/tcp/4001', '/ip6/::1/tcp/4002'],
    ['/ip6/::/tcp/4001', '/ip6/::/tcp/4002'],
  ],
  ['what is not there', ['/ip4/192.0.2.7/tcp/0'], ['/ip4/127.0.0.1/tcp/4001'], ['/ip4/192.0.2.7/tcp/0']],
  ['another transport', ['/memory/boston'], ['/memory/boston'], ['/memory/boston']],
])('what a host listens on is kept with its ports: %s', (_, listen, actual, kept) => {
  const own = actual.map(address => multiaddr(address))
  expect(pinned(listen, own)).toEqual(kept)
})

it('a port that somebody else has by now is given up, and no other', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const free = (other.address() as AddressInfo).port
  other.close()
  await once(other, 'close')
  const rest = [`/ip4/127.0.0.1/tcp/${free}`, '/ip4/0.0.0.0/tcp/0', '/memory/boston']
  expect(await vacant([`/ip4/127.0.0.1/tcp/${port}`, ...rest])).toEqual({
    listen: ['/ip4/127.0.0.1/tcp/0', ...rest],
    taken: [port],
  })
})
