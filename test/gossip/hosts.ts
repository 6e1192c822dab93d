import { createHash } from 'node:crypto'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { onTestFinished } from 'vitest'
import { createHost, type HearsayHost } from '../../src/gossip/index.js'

let hosts = 0
let keys = 0

/** An identity that no other host of the process has. */
export function newKey(): Promise<PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', createHash('sha256').update(`gossip test key ${++keys}`).digest())
}

/** A started host of its own identity, stopped when the test ends. */
export async function startHost(transport: 'tcp' | 'memory' = 'memory', privateKey?: PrivateKey): Promise<HearsayHost> {
  const number = ++hosts
  const host = await createHost({
    privateKey: privateKey ?? (await newKey()),
    transport,
    listen: [transport === 'tcp' ? '/ip4/127.0.0.1/tcp/0' : `/memory/gossip-${process.pid}-${number}`],
  })
  await host.start()
  onTestFinished(() => host.stop())
  return host
}

/** Dials, and waits until both sides know of it. */
export async function connect(from: HearsayHost, to: HearsayHost): Promise<void> {
  await from.dial(to.getMultiaddrs().map(address => multiaddr(address.toString())))
  await until(() => to.getConnections(from.peerId).length > 0)
}

/** Waits for something that the network brings about in its own time. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}

/** A signal that never comes. */
export const never: AbortSignal = new AbortController().signal
