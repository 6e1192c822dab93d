import { expect, it, onTestFinished } from 'vitest'
import { handoverBytes, headFormat } from '../../src/gossip/index.js'
import { parseManifest } from '../../src/node/index.js'
import { createSimulation } from '../../src/simulate/index.js'
import { follow } from './follow.js'

it.each(['tcp', 'memory'] as const)(
  'all bytes of a run are counted by what they were for (%s)',
  async transport => {
    const manifest = parseManifest({
      data: 'digits',
      partition: 'iid',
      peers: 3,
      rounds: 2,
      topology: 'ring',
      model: { kind: 'mlp', hidden: [16] },
      training: { learningRate: 0.1, epochs: 1, batch: 32 },
    })
    const settings = { backend: 'wasm', transport, workers: 1, baselines: false } as const
    const simulation = await createSimulation(manifest, settings)
    onTestFinished(() => simulation.close())
    const { result } = await follow(simulation)
    const { sent, received } = result.traffic
    expect(result.summary.traffic).toEqual(result.traffic)
    // Peers that hand heads over do nothing else; each byte that one sends another receives.
    expect(sent).toMatchObject({ heads: result.sentBytes, repair: 0, presence: 0, joining: 0, forwarded: 0 })
    expect(received.heads).toBe(sent.heads)
    // What is forecast: three peers hand two heads over in two rounds. A first round's number takes no bytes.
    const forecast = handoverBytes(headFormat(simulation.prepared.head.layout), { rounds: 2 })
    expect(sent.heads).toBe(12 * forecast - 6 * 2)
    for (const { heads, libp2p, wire } of [sent, received]) {
      expect(heads + libp2p).toBe(wire)
      expect(libp2p).toBeGreaterThan(0)
    }
  },
  300_000,
)
