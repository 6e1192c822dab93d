import { expect, it } from 'vitest'
import { localPlan, type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation } from '../../src/simulate/index.js'

const paced = { data: 'digits', peers: 4, training: { pace: { least: 5, most: 30 } } } as const

const refused: readonly [string, ManifestInput][] = [
  ['mode: async, where nobody waits', { mode: 'async' }],
  [
    'privacy, whose budget',
    { data: { set: 'digits', standardise: { mean: [0.5], std: [0.2] } }, privacy: { budget: 8 } },
  ],
  ['merge: mixture, whose peers have no neighbours', { merge: 'mixture' }],
  ['merge: dpsgd, which takes one step', { merge: 'dpsgd' }],
]
it.each(refused)('steps as there is time for do not go with %s', (why, input) => {
  expect(() => parseManifest({ ...paced, ...input })).toThrow(`training.pace: does not go with ${why}`)
})

it('steps as there is time for are the most before any time is known, and no epochs are settled', () => {
  const manifest = parseManifest(paced)
  expect(manifest.training).not.toHaveProperty('epochs')
  expect(localPlan(manifest)(3).length).toEqual({ steps: 30 })
  expect(parseManifest(manifest)).toEqual(manifest)
})

it('a simulation, in which nothing goes by a clock, refuses them and says what to give instead', async () => {
  await expect(createSimulation(parseManifest(paced))).rejects.toThrow('training.pace: goes by clocks')
  await expect(createSimulation(parseManifest(paced))).rejects.toThrow('give training.steps in its place')
})
