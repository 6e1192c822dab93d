import { expect, it, onTestFinished } from 'vitest'
import { ruleNames } from '../../src/merge/index.js'
import { parseManifest } from '../../src/node/index.js'
import { createSimulation } from '../../src/simulate/index.js'
import { follow } from './follow.js'

it.each(ruleNames)(
  'an honest run with believe: %s learns, and ends with what each believed',
  async believe => {
    const manifest = parseManifest({
      believe,
      data: 'digits',
      partition: 'iid',
      peers: 5,
      rounds: 6,
      topology: 'full',
      model: { kind: 'mlp', hidden: [16] },
      training: { learningRate: 0.1, epochs: 2, batch: 16 },
    })
    const simulation = await createSimulation(manifest, {
      backend: 'wasm',
      transport: 'memory',
      workers: 1,
      baselines: false,
    })
    onTestFinished(() => simulation.close())
    const { events, result } = await follow(simulation)
    expect(result.lastTested!.accuracy!.mean).toBeGreaterThan(0.8)
    expect(Object.keys(result.rejected).filter(reason => reason !== 'OUTVOTED')).toEqual([])
    const merges = events.filter(event => event.type === 'merged')
    expect(merges).toHaveLength(30)
    for (const { perPeer } of merges) {
      expect(Object.values(perPeer!.believed!).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6)
    }
  },
  120_000,
)
