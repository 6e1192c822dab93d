import { generateKeyPair } from '@libp2p/crypto/keys'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHost, type HearsayHost, handoverProtocol } from '../../src/gossip/index.js'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, type Transport } from '../../src/simulate/index.js'

interface Met {
  readonly encryption: string | undefined
  /** Of the protocols that were tried, those that the peer answers. */
  readonly spoken: readonly string[]
  /** What the peer begins to say to the stranger by itself. */
  readonly opened: readonly string[]
}

const asked = [handoverProtocol.id, '/ipfs/id/1.0.0', '/meshsub/1.2.0', '/hearsay/state/1.0.0']

/** What a stranger finds that connects to a peer of a simulation. */
async function meet(merge: ManifestInput['merge'], transport: Transport): Promise<Met> {
  const manifest = { peers: 3, data: { set: 'digits' }, model: 'logistic', merge } as ManifestInput
  const simulation = await createSimulation(parseManifest(manifest), { backend: 'wasm', workers: 1, transport })
  onTestFinished(() => simulation.close())
  const stranger = await startStranger(transport)
  const opened: string[] = []
  for (const protocol of asked) {
    if (protocol !== handoverProtocol.id) await stranger.handle(protocol, () => void opened.push(protocol))
  }
  const connection = await stranger.dial([...simulation.members[0]!.addresses])
  const spoken: string[] = []
  for (const protocol of asked) {
    const stream = await connection.newStream(protocol).catch(() => undefined)
    if (stream !== undefined) spoken.push(protocol)
    stream?.abort(new Error('Only asked'))
  }
  return { encryption: connection.encryption, spoken, opened }
}

/** A host of the same network, with nothing of its own to say. */
async function startStranger(transport: Transport): Promise<HearsayHost> {
  const stranger = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    transport,
    listen: [transport === 'memory' ? `/memory/stranger-${process.pid}` : '/ip4/127.0.0.1/tcp/0'],
    publishes: false,
  })
  onTestFinished(() => stranger.stop())
  await stranger.start()
  return stranger
}

describe('a peer of a simulation that hands its heads over', () => {
  it('speaks of no other thing, and in memory does not encrypt', async () => {
    expect(await meet('dfedavg', 'memory')).toEqual({
      encryption: '/plaintext/2.0.0',
      spoken: [handoverProtocol.id],
      opened: [],
    })
  })

  it('encrypts over TCP, as in the field', async () => {
    expect(await meet('dfedavg', 'tcp')).toEqual({ encryption: '/noise', spoken: [handoverProtocol.id], opened: [] })
  })
})

describe('a peer of a simulation that publishes its heads', () => {
  it('takes part in gossipsub, in memory too', async () => {
    const { encryption, spoken } = await meet('mixture', 'memory')
    expect(encryption).toBe('/plaintext/2.0.0')
    expect(spoken).toEqual(expect.arrayContaining(['/ipfs/id/1.0.0', '/meshsub/1.2.0']))
  })
})
