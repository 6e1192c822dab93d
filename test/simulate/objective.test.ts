import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, summaryOf } from '../../src/simulate/index.js'
import type { RunSummary } from '../../src/watch/index.js'

async function run(manifest: ManifestInput): Promise<RunSummary> {
  const simulation = await createSimulation(parseManifest({ peers: 2, ...manifest }), {
    backend: 'wasm',
    transport: 'memory',
    workers: 1,
    baselines: true,
  })
  onTestFinished(() => simulation.close())
  const events = simulation.run()
  for (;;) {
    const next = await events.next()
    if (next.done) return summaryOf(simulation.prepared, next.value)
  }
}

describe('a simulation of peers that learn', () => {
  it('a number tells R²', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hearsay-simulate-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const set = join(folder, 'line.csv')
    const rows = Array.from({ length: 120 }, (_, i) => `${i % 17},${(i * 7) % 11},${500 + 20 * (i % 17)}`)
    await writeFile(set, ['a,b,y', ...rows].join('\n'))
    const summary = await run({ rounds: 5, data: { set, target: 'y' }, model: 'logistic', training: { epochs: 10 } })
    expect(summary.measure).toBe('r2')
    expect(summary.accuracy.mean).toBeGreaterThan(0.9)
    expect(summary.accuracy.ofMean).toBeGreaterThan(0.9)
    expect(summary.accuracy.localOnly).toBeGreaterThan(0.9)
    expect(summary.accuracy.centralised).toBeGreaterThan(0.9)
  })

  it('to restore images tells PSNR', async () => {
    const summary = await run({
      rounds: 1,
      data: { set: 'pneumoniamnist', superResolution: 2 },
      partition: { kind: 'resolution', factors: [2, 4] },
      model: { kind: 'sr', channels: [2] },
      share: 'head',
      training: { steps: 20 },
    })
    expect(summary.measure).toBe('psnr')
    expect(summary.model.shared).toBe((2 + 1) * 9 + 1)
    expect(summary.accuracy.mean).toBeGreaterThan(10)
    expect(summary.accuracy.mean).toBeLessThan(50)
  })
})
