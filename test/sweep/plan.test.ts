import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseManifest, withStandardise } from '../../src/node/index.js'
import { readSweep } from '../../src/sweep/index.js'
import { isOfPlan, sweepYaml } from '../../src/sweep/plan.js'
import { folderOf, planned } from './plans.js'

const base = 'base: { data: digits, model: logistic, peers: 4, rounds: 2 }\n'

describe('the runs of a sweep', () => {
  it('are all combinations, with each seed, of the base that its file names', async () => {
    const yaml =
      'base: base.yaml\nvary:\n  topology: [ring, { kind: grid, rows: 2 }]\n  training.batch: { from: 16, to: 32, step: 16 }\nseeds: 2\n'
    const { runs, repeated } = await planned(yaml, {
      'base.yaml': 'data: digits\nmodel: logistic\npeers: 4\nseed: 9\n',
    })
    expect(repeated).toBe(0)
    expect(runs.map(({ label }) => label)).toEqual([
      'topology ring, training.batch 16, seed 1',
      'topology ring, training.batch 16, seed 2',
      'topology ring, training.batch 32, seed 1',
      'topology ring, training.batch 32, seed 2',
      'topology { kind: grid, rows: 2 }, training.batch 16, seed 1',
      'topology { kind: grid, rows: 2 }, training.batch 16, seed 2',
      'topology { kind: grid, rows: 2 }, training.batch 32, seed 1',
      'topology { kind: grid, rows: 2 }, training.batch 32, seed 2',
    ])
    expect(runs[3]!.manifest).toMatchObject({ peers: 4, seed: 2, topology: { kind: 'ring' }, training: { batch: 32 } })
    expect(new Set(runs.map(({ id }) => id)).size).toBe(8)
    for (const { id } of runs) expect(id).toMatch(/^[0-9a-f]{16}$/)
  })

  it('are the same in every copy of the sweep, and each is there once', async () => {
    const yaml = `${base}vary: { topology: [ring, { kind: ring }, full] }\nseeds: [3, 5]\n`
    const { runs, repeated } = await planned(yaml)
    expect([runs.length, repeated]).toEqual([4, 2])
    const folder = await folderOf({ 'sweep.yaml': yaml })
    const copy = sweepYaml(await readSweep(join(folder, 'sweep.yaml')))
    expect((await planned(copy)).runs).toEqual(runs)
    expect((await planned('')).runs).toHaveLength(1)
  })

  it('are recognised by their manifests, whatever the data have filled in', async () => {
    const [run, other] = (await planned(`${base}seeds: 2\n`)).runs
    const settled = withStandardise(run!.manifest, { standardise: 'pixels' as never })
    expect(isOfPlan(settled, run!)).toBe(true)
    expect(isOfPlan(settled, other!)).toBe(false)
    expect(isOfPlan(parseManifest({}), run!)).toBe(false)
  })
})

describe('a sweep is refused before it begins', () => {
  it.each([
    [
      'vary: { training.learnRate: [0.1] }',
      /sweep\.yaml \(training\.learnRate 0\.1\): training: unknown field "learnRate"; did you mean "learningRate"/,
    ],
    [
      'vary: { merge: [dfedavg, dfedsam], merge.rho: [0.1, -1] }',
      /sweep\.yaml \(merge dfedavg, merge\.rho 0\.1\): merge\.rho: 0\.1 does not go with method dfedavg/,
    ],
    ['vary: { topology: [{ kind: grid, rows: 3 }] }', /sweep\.yaml \(topology { kind: grid, rows: 3 }\): .*grid/],
    ['base: { rounds: many }', /sweep\.yaml:1:17: rounds: must be a number/],
    ['base: there.yaml', /there\.yaml: there is no such file/],
    ['vary: { seed: [1, 2] }', /sweep\.yaml:1:15: vary\.seed: stands beside vary: seeds/],
    ['vary: { "a b": [1] }', /vary\.a b: must be the path of a manifest field/],
    ['vary: { rounds: 3 }', /sweep\.yaml:1:17: vary\.rounds: must be a list of values, or a range { from, to, step }/],
    ['vary: { rounds: [] }', /vary\.rounds: must be at least 1 entry$/],
    ['vary: { rounds: { from: 1, to: 9 } }', /vary\.rounds\.step: is missing; or give steps/],
    ['vary: { rounds: { from: 1, to: 9, step: 1, steps: 3 } }', /vary\.rounds\.steps: does not go with step/],
    ['vary: { rounds: { from: 9, to: 1, step: 1 } }', /vary\.rounds\.to: must be more than from, which is 9/],
    ['vary: { rounds: { from: 1, to: 9, step: 1, scale: log } }', /vary\.rounds\.scale: goes with steps/],
    [
      'vary: { training.decay: { from: 0, to: 1, steps: 3, scale: log } }',
      /vary\.training\.decay\.from: must be more than 0/,
    ],
    ['seeds: [-1]', /seeds\.0: must be at least 0/],
    ['sedes: 3', /unknown field "sedes"; did you mean "seeds"/],
    ['format: 2', /format: 2 is not allowed; must be 1/],
  ])('%s', async (yaml, message) => {
    await expect(planned(yaml)).rejects.toThrow(message)
    await expect(planned(yaml)).rejects.toThrow(expect.objectContaining({ name: 'HearsayError' }))
  })

  it('where it is too large, at each limit', async () => {
    const ones = (count: number): string => `[${Array.from({ length: count }, (_, i) => i + 1).join(', ')}]`
    const fields = (count: number): string => Array.from({ length: count }, (_, i) => `a${i}: [1]`).join(', ')
    await expect(planned(`vary: { rounds: ${ones(101)}, training.batch: ${ones(100)} }`)).rejects.toThrow(
      /sweep\.yaml: makes 10,100 runs; at most 10000/,
    )
    await expect(planned(`vary: { rounds: ${ones(101)} }\nseeds: 100`)).rejects.toThrow(/makes 10,100 runs/)
    await expect(planned('seeds: 10001')).rejects.toThrow(/seeds: must be at most 10000/)
    await expect(planned(`seeds: ${ones(1001)}`)).rejects.toThrow(/seeds: .*must be at most 1000 entries/)
    await expect(planned(`vary: { rounds: ${ones(1001)} }`)).rejects.toThrow(
      /vary\.rounds: must be at most 1000 entries/,
    )
    await expect(planned('vary: { rounds: { from: 0, to: 1000, step: 1 } }')).rejects.toThrow(
      /step: makes more than 1000 values/,
    )
    await expect(planned('vary: { rounds: { from: 0, to: 1000, steps: 1001 } }')).rejects.toThrow(
      /steps: must be at most 1000/,
    )
    await expect(planned(`vary: { ${fields(33)} }`)).rejects.toThrow(/vary: has 33 fields; at most 32 may vary/)
    await expect(planned(`base: ${'x'.repeat(4097)}`)).rejects.toThrow(/base: must be at most 4096 characters/)
    await expect(planned(`# ${'x'.repeat(1 << 20)}`)).rejects.toThrow(/at most 1048576 are read/)
  })
})

it('docs/sweeps.md begins with a sweep that can be planned', async () => {
  const page = await readFile(new URL('../../docs/sweeps.md', import.meta.url), 'utf8')
  const [, yaml] = /```yaml\n(.*?)```/s.exec(page)!
  const { runs } = await planned(yaml!, { 'run.yaml': 'data: digits\nmodel: logistic\n' })
  expect(runs).toHaveLength(2 * 3 * 2 * 5)
})
