import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { random } from '../../src/random.js'
import { createSimulation } from '../../src/simulate/index.js'
import { type RunSummary, report } from '../../src/watch/index.js'
import { follow } from './follow.js'

const training = { learningRate: 0.1 }

async function summaryOfRun(manifest: ManifestInput): Promise<RunSummary> {
  const simulation = await createSimulation(parseManifest(manifest), {
    backend: 'wasm',
    transport: 'memory',
    workers: 1,
    baselines: true,
  })
  onTestFinished(() => simulation.close())
  const { result } = await follow(simulation)
  return result.summary
}

const firstLine = (summary: RunSummary): string[] =>
  stripVTControlCharacters(report(summary)).split('\n')[0]!.trim().split(/ {2,}/)

/** A table of which one row in a hundred is positive: its first column says so, with noise. */
async function rareTable(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-rare-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const draw = random(1, 'rare positives')
  const rows = Array.from({ length: 4000 }, (_, i) => {
    const isFraud = i % 100 === 37
    const amount = draw.uniform() + (isFraud ? 0.5 : 0)
    return `${amount.toFixed(4)},${draw.uniform().toFixed(4)},${isFraud ? 'fraud' : 'honest'}`
  })
  const path = join(folder, 'payments.csv')
  await writeFile(path, `amount,hour,kind\n${rows.join('\n')}\n`)
  return path
}

describe('the first table, without being asked,', () => {
  it('has AUROC and recall of heart disease', async () => {
    const summary = await summaryOfRun({ data: { set: 'heart-disease' }, model: 'logistic', rounds: 4, training })
    const head = firstLine(summary)
    expect(head.slice(0, 5)).toEqual(['peer', 'name', 'samples', 'accuracy', 'AUROC'])
    expect(head[5]).toMatch(/^(healthy|disease) \(\d+\) found$/)
    for (const { confusion, byClass, auroc, accuracy } of summary.perPeer) {
      expect(byClass!.map(({ name }) => name)).toEqual(['healthy', 'disease'])
      const samples = byClass!.reduce((sum, figures) => sum + figures.samples, 0)
      expect((confusion![0]![0]! + confusion![1]![1]!) / samples).toBeCloseTo(accuracy!, 6)
      expect(auroc).toBeGreaterThan(0.5)
    }
    const { localOnly, centralised } = summary.beside.auroc!
    expect([localOnly, centralised].every(figure => figure !== null && figure > 0.5)).toBe(true)
  })

  it('has AUROC and recall where one row in a hundred is positive, and accuracy hides that none is found', async () => {
    const set = await rareTable()
    const manifest = { data: { set, label: 'kind' }, model: 'logistic', peers: 2, rounds: 4, training } as const
    const summary = await summaryOfRun({ ...manifest, partition: 'iid', evaluation: { primary: 'averagePrecision' } })
    expect(summary.isUnbalanced).toBe(true)
    expect(firstLine(summary).slice(3, 8)).toEqual([
      'average precision',
      'accuracy',
      'AUROC',
      'balanced',
      expect.stringMatching(/^fraud \(\d+\) found$/),
    ])
    expect(summary.accuracy.mean).toBeGreaterThan(0.98)
    expect(summary.beside.rarestRecall!.mean).toBeLessThan(0.5)
    expect(summary.beside.auroc!.mean).toBeGreaterThan(0.7)
    expect(summary.fairness).toMatchObject({ figure: 'averagePrecision', jain: expect.any(Number) })
  })
})
