import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation } from '../../src/simulate/index.js'
import type { RunSummary } from '../../src/watch/index.js'
import { follow } from './follow.js'

async function run(manifest: ManifestInput): Promise<RunSummary> {
  const simulation = await createSimulation(parseManifest({ peers: 2, ...manifest }), {
    backend: 'wasm',
    transport: 'memory',
    workers: 1,
    baselines: true,
  })
  onTestFinished(() => simulation.close())
  return (await follow(simulation)).result.summary
}

/** A table whose target, `y`, is a straight line's. */
async function line(rowCount: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-simulate-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const set = join(folder, 'line.csv')
  const rows = Array.from({ length: rowCount }, (_, i) => `${i % 17},${(i * 7) % 11},${500 + 20 * (i % 17)}`)
  await writeFile(set, ['a,b,y', ...rows].join('\n'))
  return set
}

/** Small pictures of waves, each with a length and a place of its own; the shipped images take ten times as long. */
async function waves(): Promise<string> {
  const set = await mkdtemp(join(tmpdir(), 'hearsay-simulate-'))
  onTestFinished(() => rm(set, { recursive: true }))
  for (const kind of ['long', 'short']) await mkdir(join(set, kind))
  for (let i = 0; i < 120; i++) {
    const [kind, length] = i % 2 === 0 ? ['long', 5] : (['short', 3] as const)
    const pixels = Uint8Array.from({ length: 144 }, (_, at) =>
      Math.round(128 + 60 * Math.sin((at % 12) / length + i) + 60 * Math.cos(Math.floor(at / 12) / length + 2 * i)),
    )
    await sharp(pixels, { raw: { width: 12, height: 12, channels: 1 } })
      .png()
      .toFile(join(set, kind!, `${i}.png`))
  }
  return set
}

describe('a simulation of peers that learn', () => {
  it('a number tells R²', async () => {
    const set = await line(120)
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
      data: { set: await waves(), superResolution: 2 },
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

  it('a number with a mixture tells R² of the mixture, the own head and the best expert', async () => {
    const set = await line(240)
    const summary = await run({
      rounds: 8,
      data: { set, target: 'y' },
      model: { kind: 'mlp', hidden: [16] },
      merge: 'mixture',
      training: { epochs: 10 },
    })
    expect(summary.measure).toBe('r2')
    for (const { accuracy, figures } of summary.perPeer) {
      expect(accuracy).toBeGreaterThan(0.9)
      expect(figures!.ownHead).toBeGreaterThan(0.9)
      expect(figures!.bestExpert).not.toBeUndefined()
    }
  })

  it('to restore images with a mixture tells PSNR, and hands on convolutions', async () => {
    const summary = await run({
      rounds: 1,
      data: { set: await waves(), superResolution: 2 },
      partition: { kind: 'resolution', factors: [2, 4] },
      model: { kind: 'sr', channels: [2] },
      merge: 'mixture',
      training: { steps: 20 },
    })
    expect(summary.measure).toBe('psnr')
    for (const { accuracy, figures } of summary.perPeer) {
      expect(accuracy).toBeGreaterThan(10)
      expect(figures!.ownHead).toBeGreaterThan(10)
    }
    expect(summary.between!.weights!.map(row => row.reduce<number>((sum, weight) => sum + weight!, 0))).toEqual([
      expect.closeTo(1, 2),
      expect.closeTo(1, 2),
    ])
  })
})
