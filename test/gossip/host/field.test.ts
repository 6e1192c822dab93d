import { createHash } from 'node:crypto'
import { createConnection } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseRelay } from '../../../src/gossip/host/relay.js'
import { createHost, dialAddresses, reachability } from '../../../src/gossip/index.js'
import { connect, startHost, until } from '../hosts.js'
import { ask, echo, newIdentity, startFieldHost } from './hosts.js'

const protocol = '/hearsay/test-echo/1.0.0'
const textsOf = (addresses: readonly { toString(): string }[]): string[] => addresses.map(address => address.toString())

describe('a host in the field', () => {
  it('listens on TCP and WebSocket, and two meet over WebSocket', async () => {
    const field = { holePunching: false, autoNat: false }
    const a = await startFieldHost({ field, listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'] })
    const b = await startFieldHost({ field })
    await echo(a, protocol)
    const web = dialAddresses(a).find(address => address.toString().includes('/ws'))
    const connection = await b.dial(web!)
    expect(connection.remoteAddr.toString()).toContain('/ws')
    expect(await ask(await b.dialProtocol(a.peerId, protocol), 'over the web')).toBe('over the web')
  })

  it('has no service but those that are on', async () => {
    const all = await startFieldHost({ field: { lan: { runId: new Uint8Array(32), port: 40353 }, relaySlots: 1 } })
    expect(Object.keys(all.services).sort()).toEqual(
      ['autoNat', 'dcutr', 'identify', 'lan', 'pubsub', 'reach', 'relay', 'traffic'].sort(),
    )
    const few = await startFieldHost({ field: { holePunching: false, autoNat: false, webSocket: false } })
    expect(Object.keys(few.services).sort()).toEqual(['identify', 'pubsub', 'reach', 'traffic'])
    const simulated = await startHost('tcp')
    expect(Object.keys(simulated.services).sort()).toEqual(['identify', 'pubsub', 'traffic'])
    const silent = await createHost({
      privateKey: await generateKeyPair('Ed25519'),
      listen: [],
      transport: 'memory',
      publishes: false,
    })
    expect(Object.keys(silent.services)).toEqual(['traffic'])
  })

  it('refuses what is no address of a relay', async () => {
    for (const text of [
      'localhost',
      '/ip4/127.0.0.1/tcp/4001',
      '/p2p/12D3KooWGWrKHzKN1nzVeudfFLzTEpPLZ6P5BrchnVMoBFnSJbNx',
    ]) {
      expect(() => parseRelay(text)).toThrow(`relay: ${text} is no relay's address; write it like /ip4/`)
    }
    const privateKey = await newIdentity()
    await expect(createHost({ privateKey, transport: 'memory', listen: [], field: {} })).rejects.toThrow('tcp')
  })
})

describe('two hosts with two connections', () => {
  it.each(['first', 'second'])('hear each other when the %s has closed', async which => {
    const field = { holePunching: false, autoNat: false }
    const heard: string[] = []
    const onTopic = async (): ReturnType<typeof startFieldHost> => {
      const host = await startFieldHost({ field })
      host.services.pubsub!.subscribe('test')
      host.services.pubsub!.addEventListener('gossipsub:message', ({ detail: { msg } }) => {
        heard.push(Buffer.from(msg.data).toString())
      })
      return host
    }
    const [a, b] = [await onTopic(), await onTopic()]
    const first = await a.dial(b.getMultiaddrs())
    await until(() => [a, b].every(host => host.services.pubsub!.getSubscribers('test').length === 1))
    const second = await a.dial(b.getMultiaddrs(), { force: true })
    await until(() => b.getConnections().length === 2)
    await (which === 'first' ? first : second).close()
    await until(() => [a, b].every(host => host.getConnections().length === 1))
    // What is said before the new stream is there is lost, as with every stream of gossipsub.
    while (!heard.includes('a') || !heard.includes('b')) {
      await a.services.pubsub!.publish('test', Buffer.from('a'))
      await b.services.pubsub!.publish('test', Buffer.from('b'))
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  })
})

describe('a WebSocket listener', () => {
  it('outlives a stranger who sends a wrong frame', async () => {
    const field = { holePunching: false, autoNat: false }
    const host = await startFieldHost({ field, listen: ['/ip4/127.0.0.1/tcp/0/ws'] })
    const [at] = dialAddresses(host)
    const port = Number(at!.getComponents().find(({ name }) => name === 'tcp')!.value)
    const socket = createConnection(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    let heard = ''
    socket.on('data', data => {
      heard += data.toString('latin1')
    })
    const isClosed = new Promise(resolve => socket.on('close', resolve))
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await until(() => heard.includes('\r\n\r\n'))
    // Reserved bits, and no mask.
    socket.write(Uint8Array.of(0xff, 0x7f, 0, 0))
    await isClosed
    const other = await startFieldHost({ field })
    await other.dial(at!)
  })

  it('that is not there is an error of the dial, and of nothing else', async () => {
    const field = { holePunching: false, autoNat: false }
    const host = await startFieldHost({ field })
    await expect(host.dial(multiaddr('/ip4/127.0.0.1/tcp/1/ws'))).rejects.toThrow()
    const dials = Array.from({ length: 8 }, () => host.dial(multiaddr('/ip4/127.0.0.1/tcp/1/ws')).catch(() => {}))
    await host.stop()
    await Promise.all(dials)
    await new Promise(resolve => setTimeout(resolve, 100))
  })
})

describe('a relay', () => {
  it('carries a stream between two that only it can reach, and they find it again when it was away', async () => {
    const field = { holePunching: false, autoNat: false }
    const privateKey = await newIdentity()
    let relay = await startFieldHost({ privateKey, field: { ...field, relaySlots: 2 } })
    const [at] = textsOf(dialAddresses(relay))
    const start = (): ReturnType<typeof startFieldHost> =>
      startFieldHost({ listen: [], field: { ...field, relays: [at!] } })
    const [a, b] = [await start(), await start()]
    await echo(b, protocol)
    const slot = `${at}/p2p-circuit/p2p/${b.peerId}`
    await until(() => textsOf(dialAddresses(b)).includes(slot))
    expect(textsOf(dialAddresses(b))).toEqual([slot])

    const connection = await a.dial(multiaddr(slot))
    expect(connection.remoteAddr.toString()).toContain('/p2p-circuit')
    // No limit: heads are larger than the 128 KiB of a relay that knows nobody.
    expect(connection.limits).toBeUndefined()
    expect(await ask(await a.dialProtocol(b.peerId, protocol), 'x'.repeat(300_000))).toHaveLength(300_000)

    await relay.stop()
    await until(() => dialAddresses(b).length === 0)
    relay = await startFieldHost({
      privateKey,
      listen: [at!.replace(/\/p2p\/.*/, '')],
      field: { ...field, relaySlots: 2 },
    })
    await until(() => textsOf(dialAddresses(b)).includes(slot))
    expect(await ask(await a.dialProtocol(multiaddr(slot), protocol), 'again')).toBe('again')
  })

  it('is who it was said to be: nobody else can announce a call', async () => {
    const field = { holePunching: false, autoNat: false }
    const [host, stranger] = [await startFieldHost({ field }), await startFieldHost({ field, listen: [] })]
    await stranger.dial(host.getMultiaddrs())
    const streams = await Promise.all(
      Array.from({ length: 8 }, () => stranger.dialProtocol(host.peerId, '/libp2p/circuit/relay/0.2.0/stop')),
    )
    await until(() => streams.every(stream => stream.status === 'reset'))
    expect(textsOf(host.getMultiaddrs()).filter(address => address.includes('p2p-circuit'))).toEqual([])
  })

  it('has no more slots than it offers', async () => {
    const field = { holePunching: false, autoNat: false }
    const relay = await startFieldHost({ field: { ...field, relaySlots: 1 } })
    const relays = textsOf(dialAddresses(relay))
    const first = await startFieldHost({ listen: [], field: { ...field, relays } })
    await until(() => dialAddresses(first).length === 1)
    const second = await startFieldHost({ listen: [], field: { ...field, relays } })
    await until(() => relay.getConnections(second.peerId).length > 0)
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(dialAddresses(second)).toEqual([])
  })

  it('has a slot free again when its holder is gone', async () => {
    const field = { holePunching: false, autoNat: false }
    const relay = await startFieldHost({ field: { ...field, relaySlots: 1 } })
    const relays = textsOf(dialAddresses(relay))
    // Each a fresh identity: as many of them as there are slots must not keep the others out.
    for (let turn = 0; turn < 3; turn++) {
      const holder = await startFieldHost({ listen: [], field: { ...field, relays } })
      await until(() => dialAddresses(holder).length === 1)
      await holder.stop()
      await until(() => relay.getConnections(holder.peerId).length === 0)
    }
  })
})

describe('hosts on one LAN', () => {
  it('find those of their own run, and dial nobody', async () => {
    const runId = (name: string): Uint8Array => createHash('sha256').update(name).digest()
    const found: string[] = []
    const onLan = (run: string, who: string): ReturnType<typeof startFieldHost> =>
      startFieldHost({
        field: {
          autoNat: false,
          holePunching: false,
          lan: {
            runId: runId(run),
            intervalMs: 100,
            port: 40354,
            onFound: (peer, addresses) => found.push(`${who} ${peer} ${addresses.length > 0}`),
          },
        },
      })
    const [a, b, c] = [await onLan('one', 'a'), await onLan('one', 'b'), await onLan('other', 'c')]
    await until(() => found.length >= 2)
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(found.sort()).toEqual([`a ${b.peerId} true`, `b ${a.peerId} true`])
    expect([a, b, c].flatMap(host => host.getConnections())).toEqual([])
    // What was found is enough to dial.
    await a.dial(b.peerId)
  })
})

describe('the addresses of a host', () => {
  it('are best first, each with its peer id, and loopback only where there is nothing else', async () => {
    const lonely = await startFieldHost({ field: {} })
    expect(textsOf(dialAddresses(lonely))).toEqual(textsOf(lonely.getMultiaddrs()))
    const announced = await startFieldHost({
      field: { announce: ['/ip4/192.168.7.7/tcp/4001', '/ip4/198.51.101.7/tcp/4001'] },
    })
    expect(textsOf(dialAddresses(announced))).toEqual([
      `/ip4/198.51.101.7/tcp/4001/p2p/${announced.peerId}`,
      `/ip4/192.168.7.7/tcp/4001/p2p/${announced.peerId}`,
    ])
    const simulated = await startHost('tcp')
    expect(textsOf(dialAddresses(simulated))).toEqual(textsOf(simulated.getMultiaddrs()))
  })

  it('say nothing about the outside where nobody of it was heard', async () => {
    const [a, b] = [await startFieldHost({ field: {} }), await startFieldHost({ field: {} })]
    await connect(a, b)
    expect([reachability(a), reachability(b), reachability(await startHost())]).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ])
  })
})

describe('a stopped host', () => {
  it('leaves no socket', async () => {
    const runId = new Uint8Array(32)
    const sockets = (): string[] => process.getActiveResourcesInfo().filter(name => /TCP|UDP/.test(name))
    // Those of the tests before may still be closing.
    let before = -1
    while (before !== sockets().length) {
      before = sockets().length
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    const relay = await startFieldHost({ field: { relaySlots: 2, lan: { runId, port: 40355, intervalMs: 50 } } })
    const host = await startFieldHost({
      listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
      field: { relays: textsOf(dialAddresses(relay)), lan: { runId, port: 40355, intervalMs: 50 } },
    })
    await until(() => textsOf(host.getMultiaddrs()).some(address => address.includes('p2p-circuit')))
    expect(sockets().length).toBeGreaterThan(before)
    await host.stop()
    await host.stop()
    await relay.stop()
    await until(() => sockets().length <= before)
  })
})
