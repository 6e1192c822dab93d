import type { Connection, IdentifyResult } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { type Reach, reach } from '../../../src/gossip/host/reachability.js'

const peer = '12D3KooWGWrKHzKN1nzVeudfFLzTEpPLZ6P5BrchnVMoBFnSJbNx'
const relay = '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X'
type Known = readonly [address: string, type: 'transport' | 'observed' | 'announce' | 'ip-mapping', verified: boolean]

/** A host that has these addresses; `call` and `observe` are what happens to it. */
function hostWith(known: readonly Known[]): {
  readonly reach: Reach
  call(from: string, others?: readonly string[]): void
  observe(as: string, over?: string): void
} {
  const events = new EventTarget()
  let others: readonly string[] = []
  const components = {
    events,
    peerId: { toString: () => peer },
    addressManager: {
      getAddressesWithMetadata: () =>
        known.map(([address, type, verified]) => ({ multiaddr: multiaddr(address), type, verified, expires: 0 })),
    },
    connectionManager: { getConnections: () => others.map(address => ({ remoteAddr: multiaddr(address) })) },
  }
  const made = reach()(components as unknown as Parameters<ReturnType<typeof reach>>[0])
  ;(made as unknown as { start(): void }).start()
  return {
    reach: made,
    call(from, connections = []) {
      others = connections
      const detail = { direction: 'inbound', remoteAddr: multiaddr(from) } as unknown as Connection
      events.dispatchEvent(new CustomEvent('connection:open', { detail }))
    },
    observe(as, over = '/ip4/203.0.112.1/tcp/4001') {
      const detail = { observedAddr: multiaddr(as), connection: { remoteAddr: multiaddr(over) } }
      events.dispatchEvent(new CustomEvent('peer:identify', { detail: detail as unknown as IdentifyResult }))
    },
  }
}

const atHome: readonly Known[] = [
  ['/ip4/127.0.0.1/tcp/4001', 'transport', true],
  ['/ip4/192.168.1.5/tcp/4001', 'transport', true],
]

describe('the reachability of a host', () => {
  it('is unknown until somebody outside was heard of', () => {
    const { reach, call, observe } = hostWith(atHome)
    call('/ip4/192.168.1.9/tcp/50000')
    observe('/ip4/192.168.1.5/tcp/50000')
    observe('/ip4/8.8.4.4/tcp/50000', `/ip4/8.8.8.8/tcp/1/p2p/${relay}/p2p-circuit`)
    expect(reach.reachability()).toBe('unknown')
  })

  it('is private where others see an address that is not ours', () => {
    const { reach, observe, call } = hostWith(atHome)
    observe('/ip4/8.8.4.4/tcp/50000')
    expect(reach.reachability()).toBe('private')
    call('/ip4/8.8.8.8/tcp/50000')
    expect(reach.reachability()).toBe('public')
  })

  it('is not private where others see our own address', () => {
    const { reach, observe } = hostWith([['/ip4/8.8.4.4/tcp/4001', 'transport', false]])
    observe('/ip4/8.8.4.4/tcp/50000')
    expect(reach.reachability()).toBe('unknown')
  })

  it('is not public for a punched hole, nor for a call through a relay', () => {
    const { reach, call } = hostWith(atHome)
    const through = `/ip4/8.8.8.8/tcp/1/p2p/${relay}/p2p-circuit`
    call('/ip4/8.8.4.4/tcp/50000', [through])
    call(through)
    expect(reach.reachability()).toBe('unknown')
  })

  it('follows the verdicts of AutoNAT', () => {
    const { reach } = hostWith(atHome)
    reach.verdict(multiaddr('/ip4/8.8.4.4/tcp/4001'), false)
    expect(reach.reachability()).toBe('private')
    reach.verdict(multiaddr('/ip4/8.8.4.4/tcp/4001'), true)
    expect(reach.reachability()).toBe('public')
    for (let port = 1; port < 100; port++) reach.verdict(multiaddr(`/ip4/8.8.4.4/tcp/${port}`), false)
    expect(reach.reachability()).toBe('public')
  })
})

describe('the addresses of a host', () => {
  it('are public, LAN, relayed; and no hearsay', () => {
    const relayed = `/ip4/8.8.8.8/tcp/1/p2p/${relay}/p2p-circuit`
    const { reach } = hostWith([
      ...atHome,
      [relayed, 'transport', true],
      ['/ip4/8.8.4.4/tcp/4001', 'transport', false],
      ['/ip4/1.1.1.1/tcp/4001', 'observed', false],
      ['/ip4/1.0.0.1/tcp/4002/ws', 'ip-mapping', true],
      ['/ip4/1.0.0.1/tcp/4002/ws', 'ip-mapping', true],
    ])
    expect(reach.addresses().map(String)).toEqual([
      `/ip4/8.8.4.4/tcp/4001/p2p/${peer}`,
      `/ip4/1.0.0.1/tcp/4002/ws/p2p/${peer}`,
      `/ip4/192.168.1.5/tcp/4001/p2p/${peer}`,
      `${relayed}/p2p/${peer}`,
    ])
    reach.verdict(multiaddr('/ip4/8.8.4.4/tcp/4001'), false)
    expect(reach.addresses()[0]?.toString()).toBe(`/ip4/1.0.0.1/tcp/4002/ws/p2p/${peer}`)
    expect(hostWith(atHome.slice(0, 1)).reach.addresses().map(String)).toEqual([`/ip4/127.0.0.1/tcp/4001/p2p/${peer}`])
  })
})
