import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { shardNotes } from '../../src/data/index.js'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, type Simulation } from '../../src/simulate/index.js'
import { cardSites, writeCards } from '../data/cards.js'
import { follow } from './follow.js'

let folder: string
beforeAll(async () => {
  folder = await writeCards(await mkdtemp(join(tmpdir(), 'hearsay-cards-')))
})
afterAll(() => rm(folder, { recursive: true }))

async function cards(data: Partial<Extract<ManifestInput['data'], object>> = {}): Promise<Simulation> {
  const manifest = parseManifest({
    peers: cardSites.length,
    rounds: 3,
    data: { set: folder, label: 'fraud', ...data },
    partition: 'natural',
    model: 'logistic',
  })
  const simulation = await createSimulation(manifest, {
    backend: 'wasm',
    transport: 'memory',
    workers: 1,
    baselines: false,
  })
  onTestFinished(() => simulation.close())
  return simulation
}

const accuracies = async (simulation: Simulation): Promise<number[]> =>
  (await follow(simulation)).result.peers.map(({ tested }) => tested!.accuracy)

describe("four sites' card payments, of spreads that differ 60 times", () => {
  it('are learned by all where they agree on one standardisation, which they do by default', async () => {
    const simulation = await cards()
    const { prepared } = simulation
    expect(prepared.manifest.data.standardise).toBe('agreed')
    const [first, ...others] = prepared.shards.map(({ standardisation }) => standardisation)
    for (const other of others) expect(other).toBe(first)
    expect(shardNotes(prepared.dataset, prepared.shards)).toEqual([])
    for (const accuracy of await accuracies(simulation)) expect(accuracy).toBeGreaterThanOrEqual(0.97)
  })

  it('are not where each goes by its own, and that is said', async () => {
    const simulation = await cards({ standardise: 'own' })
    const { dataset, shards } = simulation.prepared
    expect(shardNotes(dataset, shards)).toEqual([
      expect.stringMatching(/^data\.standardise: own, and the spread of amount differs more than 5 times/),
    ])
    const all = await accuracies(simulation)
    expect(all.reduce((sum, accuracy) => sum + accuracy, 0) / all.length).toBeLessThan(0.85)
  })
})
