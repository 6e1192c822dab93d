import { describe, expect, it } from 'vitest'
import { compareRuns, foldersLimit } from '../../src/compare/index.js'
import { parseManifest } from '../../src/node/index.js'
import { complete, emptyFolder, runFolder } from './folders.js'

const merge = (method: string) => ({ merge: { method } })

/** Two methods with two seeds each, and one of the first with a third. */
async function fourRuns(): Promise<string[]> {
  const parent = await emptyFolder()
  const runs = [
    {
      manifest: { ...merge('dfedsam'), seed: 2 },
      accuracy: [
        [0.5, 0.7],
        [0.8, 0.9],
      ],
      summary: complete,
    },
    {
      manifest: { ...merge('dfedsam'), seed: 1 },
      accuracy: [
        [0.4, 0.6],
        [0.7, 0.8],
      ],
      summary: complete,
    },
    {
      manifest: { ...merge('dfedavg'), seed: 1 },
      accuracy: [
        [0.4, 0.4],
        [0.6, 0.8],
      ],
      summary: complete,
    },
    {
      manifest: { ...merge('dfedavg'), seed: 2 },
      accuracy: [
        [0.3, 0.5],
        [0.7, 0.8],
      ],
      summary: complete,
    },
  ]
  return Promise.all(runs.map((run, at) => runFolder(parent, `run-${at}`, run)))
}

describe('runs side by side', () => {
  it('are variants, whose manifests differ in more than the seed', async () => {
    const folders = await fourRuns()
    const { tables, notes } = await compareRuns(folders)
    expect([tables.length, notes]).toEqual([1, []])
    const { variants, fields, named, target, ...table } = tables[0]!
    expect(table).toMatchObject({ data: 'digits', measure: 'accuracy', primary: 'accuracy', baseline: 0 })
    expect([fields, named]).toEqual([['merge.method', 'merge.rho'], ['merge.method']])
    expect(variants.map(({ label, values, runs }) => [label, values, runs.map(({ seed }) => seed)])).toEqual([
      ['merge.method: dfedsam', ['dfedsam', '0.05'], [1, 2]],
      ['merge.method: dfedavg', ['dfedavg', '0'], [1, 2]],
    ])
    expect(variants[0]!.runs[0]).toMatchObject({ folders: [folders[1]], rounds: 2, wanted: 2, isComplete: true })
    // The worst of the runs' best rounds is 0.7, which the second variant reaches at the end.
    expect(target).toBeCloseTo(0.7)
  })

  it('have figures of the last round: mean over peers, then mean and standard deviation over seeds', async () => {
    const { tables } = await compareRuns(await fourRuns())
    const { figures, course } = tables[0]!.variants[0]!
    expect(figures.quality!.mean).toBeCloseTo(0.8)
    expect(figures.quality!.deviation).toBeCloseTo(Math.sqrt(2) * 0.05)
    expect(figures.worst!.mean).toBeCloseTo(0.75)
    expect(figures.averaged!.mean).toBeCloseTo(0.85)
    expect([figures.distance, figures.bytes, figures.seconds, figures.reached]).toEqual(
      [0.5, 10, 4, 2].map(mean => ({ mean, deviation: 0 })),
    )
    expect(course.rounds).toEqual([1, 2])
    expect(course.columns.quality.mean[0]).toBeCloseTo(0.55)
    expect(course.columns.bytes.mean).toEqual([10, 20])
    expect(course.columns.seconds.mean).toEqual([2, 4])
  })

  it('differ from the baseline by the seeds that both have', async () => {
    const folders = await fourRuns()
    const first = (await compareRuns(folders)).tables[0]!
    expect(first.variants[0]!.difference).toBeNull()
    expect(first.variants[1]!.difference).toMatchObject({ seeds: [1, 2], interval: null })
    expect(first.variants[1]!.difference!.mean).toBeCloseTo(-0.075)
    const second = (await compareRuns(folders.slice(1), { baseline: 2 })).tables[0]!
    expect(second.variants[0]!.difference).toMatchObject({ seeds: [1] })
    expect((await compareRuns([...folders].reverse(), { baseline: 'best' })).tables[0]!.baseline).toBe(1)
    await expect(compareRuns(folders, { baseline: 3 })).rejects.toThrow('--baseline 3: must be best, or')
  })

  it('are named by what tells all runs apart that they belong to, though fewer fields tell these', async () => {
    const folders = await fourRuns()
    const manifests = ['dfedsam', 'dfedavg'].flatMap(method =>
      [0.1, 0.2].map(learningRate =>
        parseManifest({ data: 'digits', peers: 2, rounds: 2, ...merge(method), training: { learningRate } }),
      ),
    )
    const { tables } = await compareRuns(folders, { among: manifests })
    expect(tables[0]!.named).toEqual(['training.learningRate', 'merge.method'])
    expect(tables[0]!.variants[0]!.label).toMatch(/^training\.learningRate: [\d.]+, merge\.method: dfedsam$/)
  })

  it('of three seeds have an interval', async () => {
    const parent = await emptyFolder()
    const gains = [0.1, 0.2, 0.3]
    const folders = await Promise.all(
      gains.flatMap((gain, seed) => [
        runFolder(parent, `a${seed}`, { manifest: { ...merge('dfedavg'), seed }, accuracy: [[0.5, 0.5]] }),
        runFolder(parent, `b${seed}`, { manifest: { ...merge('dfedsam'), seed }, accuracy: [[0.5, 0.5 + 2 * gain]] }),
      ]),
    )
    const { difference } = (await compareRuns(folders)).tables[0]!.variants[1]!
    expect(difference!.mean).toBeCloseTo(0.2)
    const [low, high] = difference!.interval!
    expect(low).toBeGreaterThan(0.1 - 1e-9)
    expect(low).toBeLessThan(0.2)
    expect(high).toBeGreaterThan(0.2)
    expect(high).toBeLessThan(0.3 + 1e-9)
  })
})

describe('runs of all kinds', () => {
  it('that are not over are compared at the rounds that they have, and said', async () => {
    const parent = await emptyFolder()
    const whole = await runFolder(parent, 'whole', {
      manifest: { rounds: 2 },
      accuracy: [
        [0.5, 0.5],
        [0.6, 0.6],
      ],
      summary: complete,
    })
    const killed = await runFolder(parent, 'killed', { manifest: { rounds: 2, seed: 2 }, accuracy: [[0.4, 0.4]] })
    const { tables, notes } = await compareRuns([whole, killed])
    expect(notes).toEqual([`not complete, compared at the rounds that they have: ${killed} (1 of 2 rounds)`])
    expect(tables[0]!.variants[0]!.figures.quality!.mean).toBeCloseTo(0.5)
    // Only the first round is of both.
    expect(tables[0]!.variants[0]!.course.rounds).toEqual([1])
  })

  it('count once where they are the same: the folder with the most rounds', async () => {
    const parent = await emptyFolder()
    const manifest = { rounds: 2 }
    const one = await runFolder(parent, 'one', { manifest, accuracy: [[0.5, 0.5]] })
    const two = await runFolder(parent, 'two', {
      manifest,
      accuracy: [
        [0.5, 0.5],
        [0.6, 0.6],
      ],
      summary: complete,
    })
    const { tables, notes } = await compareRuns([one, two, two])
    expect(tables[0]!.variants.map(({ runs }) => runs.map(({ folders }) => folders))).toEqual([[[two]]])
    expect(notes).toEqual([`counted once, being the same run: ${one} and ${two}, ${two} and ${two}`])
    const other = { ...manifest, evaluation: { primary: 'macroF1' as const } }
    const three = await runFolder(parent, 'three', { manifest: other, accuracy: [[0.5, 0.5]] })
    expect((await compareRuns([two, three])).notes).toEqual([`counted once, being the same run: ${two} and ${three}`])
  })

  it('are another variant, not the same run, where something was made to go wrong', async () => {
    const parent = await emptyFolder()
    const manifest = { rounds: 1 }
    const folders = await Promise.all(
      [{}, { faults: { lie: ['0@1'] } }, { faults: { disconnect: 0.2 } }, { faults: 'many' }].map((faults, at) =>
        runFolder(parent, `run-${at}`, { manifest, accuracy: [[0.5, 0.5]], summary: { ...complete, ...faults } }),
      ),
    )
    const { tables, notes } = await compareRuns(folders)
    expect(tables[0]!.variants.map(({ label }) => label)).toEqual([
      'without faults.lie, faults.disconnect',
      'faults.lie: ["0@1"]',
      'faults.disconnect: 0.2',
    ])
    expect(notes).toEqual([`counted once, being the same run: ${folders[0]} and ${folders[3]}`])
  })

  it('of one run in the field are put together, a peer each', async () => {
    const parent = await emptyFolder()
    const summary = { ...complete, rounds: 2, sentBytes: 100 }
    const folders = await Promise.all(
      ['anna', 'bert'].map((peer, at) =>
        runFolder(parent, peer, { peer, accuracy: [[0.5], [0.6 + 0.2 * at]], summary }),
      ),
    )
    const { tables } = await compareRuns(folders)
    const [run] = tables[0]!.variants[0]!.runs
    expect(run!.folders).toEqual(folders)
    expect(run!.figures).toMatchObject({ quality: 0.7, worst: 0.6, averaged: null, bytes: 50, seconds: 4 })
  })

  it('of one run in the field are not complete where one peer’s folder is not, and that one is named', async () => {
    const parent = await emptyFolder()
    const accuracy = [[0.5], [0.6]]
    const manifest = { rounds: 2 }
    const folders = [
      await runFolder(parent, 'anna', { manifest, peer: 'anna', accuracy, summary: complete }),
      await runFolder(parent, 'bert', {
        manifest,
        peer: 'bert',
        accuracy: accuracy.slice(1),
        summary: { ...complete, interrupted: true },
      }),
    ]
    const { tables, notes } = await compareRuns(folders)
    expect(notes).toEqual([`not complete, compared at the rounds that they have: ${folders[1]} (1 of 2 rounds)`])
    expect(tables[0]!.variants[0]!.runs[0]).toMatchObject({ rounds: 2, isComplete: false })
  })

  it('that learn something else have a table each', async () => {
    const parent = await emptyFolder()
    const folders = [
      await runFolder(parent, 'digits', { accuracy: [[0.5, 0.5]], summary: complete }),
      await runFolder(parent, 'xrays', {
        manifest: { data: 'pneumoniamnist' },
        accuracy: [[0.6, 0.6]],
        summary: complete,
      }),
    ]
    const { tables, notes } = await compareRuns(folders)
    expect(tables.map(({ data, variants }) => [data, variants.length])).toEqual([
      ['digits', 1],
      ['pneumoniamnist', 1],
    ])
    expect(notes).toEqual([expect.stringMatching(/^what is learned differs/)])
  })

  it('are compared by the figure that all show first, errors the other way round', async () => {
    const parent = await emptyFolder()
    const manifest = { data: { set: 'houses.csv', target: 'price' }, evaluation: { primary: 'rmse' as const } }
    const made = (name: string, seed: number, last: number) =>
      runFolder(parent, name, {
        manifest: { ...manifest, seed },
        accuracy: [
          [0.1, 0.2],
          [0.3, 0.4],
        ],
        beside: {
          name: 'rmse',
          values: [
            [9, 7],
            [last, 4],
          ],
        },
        summary: complete,
      })
    const { tables } = await compareRuns([await made('a', 1, 2), await made('b', 2, 6)])
    expect(tables[0]).toMatchObject({ data: 'houses.csv, price', primary: 'rmse', isError: true, target: 5 })
    expect(tables[0]!.variants[0]!.runs.map(({ figures }) => figures)).toMatchObject([
      { quality: 3, worst: 4, averaged: null, reached: 2 },
      { quality: 5, worst: 6, averaged: null, reached: 2 },
    ])
    const other = await runFolder(parent, 'c', {
      manifest: { data: manifest.data, seed: 3 },
      accuracy: [[0.1, 0.2]],
      summary: complete,
    })
    const mixed = await compareRuns([await made('d', 1, 2), other])
    expect(mixed.tables[0]).toMatchObject({ primary: 'accuracy' })
    expect(mixed.notes).toEqual([expect.stringMatching(/^evaluation.primary differs \(rmse, accuracy\)/)])
  })
})

describe('what is no run', () => {
  it('is refused in one line that names it', async () => {
    const folder = await emptyFolder()
    await expect(compareRuns([folder])).rejects.toThrow(`${folder}: has no manifest.yaml, so it is no run folder`)
    await expect(compareRuns(Array.from({ length: foldersLimit + 1 }, () => folder))).rejects.toThrow(/at most 10000/)
    await expect(compareRuns([folder], { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
  })
})
