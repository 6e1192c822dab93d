import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { originOf } from '../../../src/gossip/host/origin.js'

const peer = '/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'

it.each([
  ['/ip4/192.0.2.7/tcp/4001', '192.0.2.7'],
  [`/ip4/192.0.2.7/tcp/4001/ws${peer}`, '192.0.2.7'],
  // The relay's: whoever calls through it may have as many ids as it likes.
  [`/ip4/192.0.2.7/tcp/4001${peer}/p2p-circuit${peer}`, '192.0.2.7'],
  ['/ip6/2001:db8:1:2:3:4:5:6/tcp/4001', '2001:db8:1:2'],
  ['/ip6/2001:db8:1:2::1/tcp/4001', '2001:db8:1:2'],
  ['/ip6/2001:db8::1/tcp/4001', '2001:db8:0:0'],
  ['/ip6/::1/tcp/4001', '0:0:0:0'],
  ['/memory/boston', 'boston'],
])('a connection from %s comes from %s', (address, origin) => {
  expect(originOf(multiaddr(address))).toBe(origin)
})
