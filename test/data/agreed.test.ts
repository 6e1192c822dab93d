import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addMoments,
  agree,
  agreedColumns,
  agreedStandardisation,
  agreeTogether,
  type Dataset,
  type Moments,
  rangesOf,
  type Samples,
  seenBy,
  sharedLabels,
} from '../../src/data/index.js'
import { momentsOf } from '../../src/data/moments.js'
import { unknownSpread } from '../../src/data/standardise.js'

function table(rows: readonly (readonly number[])[], more: Partial<Dataset> = {}): Dataset {
  const samples = samplesOf(rows)
  return { name: 'table', classes: ['a', 'b'], inputShape: [rows[0]!.length], train: samples, test: samples, ...more }
}

function samplesOf(rows: readonly (readonly number[])[]): Samples {
  return { inputs: Float32Array.from(rows.flat()), labels: sharedLabels(rows.length), size: rows.length }
}

const column = (...values: number[]): Moments[] => momentsOf({ inputs: Float32Array.from(values) }, 1)
const numbers = [{ name: 'x', role: 'number' } as const]

describe('an agreed standardisation', () => {
  it('is that of all rows together, one object for all peers', () => {
    const parts = [
      samplesOf([
        [1, 10],
        [3, Number.NaN],
      ]),
      samplesOf([[100, 30]]),
    ]
    const [one, other] = agreeTogether(table([[0, 0]]), parts)
    expect(one!.standardisation).toBe(other!.standardisation)
    const { mean, std } = one!.standardisation
    expect(mean[0]).toBe(Math.fround(104 / 3))
    expect(std[0]).toBe(Math.fround(Math.sqrt((1 + 9 + 10_000) / 3 - (104 / 3) ** 2)))
    expect([mean[1], std[1]]).toEqual([20, 10])
  })

  it('has the same bits in whatever order peers are added up', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 5 }), parts => {
        const all = parts.map(values => column(...values))
        expect(agree(addMoments(all))).toEqual(agree(addMoments([...all].reverse())))
      }),
    )
  })

  it('of images is of whole pixels, where the manifest asks for it', () => {
    const pixels = (...values: number[]): Samples => ({
      inputs: Uint8Array.from(values),
      labels: sharedLabels(1),
      size: 1,
    })
    const parts = [pixels(0, 0, 0, 0), pixels(255, 255, 255, 255)]
    const dataset: Dataset = { ...table([[0]]), inputShape: [2, 2, 1], train: parts[0]! }
    const own = agreeTogether(dataset, parts)
    expect(own.map(({ standardisation: { mean } }) => mean[0])).toEqual([0, 1])
    expect(own[0]).not.toHaveProperty('common')
    const [one] = agreeTogether({ ...dataset, standardise: 'agreed' }, parts)
    expect([one!.standardisation.mean[0], one!.standardisation.std[0]]).toEqual([0.5, 0.5])
  })

  it('has the number that is predicted as one more column, whatever the rule of the inputs', () => {
    const parts = [
      { ...samplesOf([[1], [3]]), targets: Float32Array.of(10, 20) },
      { ...samplesOf([[100], [300]]), targets: Float32Array.of(30, 40) },
    ]
    const objective = { kind: 'regression', target: 'price' } as const
    const dataset = table([[0]], { objective, standardise: 'own' })
    expect(agreedColumns(dataset)).toEqual([{ name: 'price', role: 'target' }])
    const [one, other] = agreeTogether(dataset, parts)
    expect(one!.standardisation.mean[0]).toBe(2)
    expect(other!.standardisation.mean[0]).toBe(200)
    expect(one!.standardisation.target).toEqual({ mean: 25, std: Math.sqrt(125) })
    expect(other!.standardisation.target).toEqual(one!.standardisation.target)
  })

  it('names its columns, categories apart', () => {
    const columns = [
      { name: 'age', kind: 'number' },
      { name: 'town', kind: 'category', values: ['basel', 'bern'] },
      { name: 'ill', kind: 'label' },
    ] as const
    expect(agreedColumns(table([[1, 0, 1]], { table: { header: true, columns } }))).toEqual([
      { name: 'age', role: 'number' },
      { name: 'town=basel', role: 'category' },
      { name: 'town=bern', role: 'category' },
    ])
  })
})

describe('sums that somebody has lied about', () => {
  const honest = Array.from({ length: 4 }, (_, peer) =>
    momentsOf({ inputs: Float32Array.from({ length: 300 }, (_, i) => 50 + ((i * 7 + peer) % 20) - 10) }, 3),
  )
  const columns = ['x', 'y', 'z'].map(name => ({ name, role: 'number' }) as const)
  const ranges = rangesOf(columns, honest[0]!)
  const truth = agree(addMoments(honest), ranges)
  const added = (lie: Moments): ReturnType<typeof agree> =>
    agree(addMoments([...honest, columns.map(() => lie)]), ranges)

  it('leave what is agreed within the bounds, whatever they are', () => {
    expect(truth.ranged).toEqual([])
    const big = fc.bigInt({ min: -(2n ** 310n), max: 2n ** 310n })
    fc.assert(
      fc.property(fc.array(fc.record({ count: big, sum: big, squares: big }), { minLength: 3, maxLength: 3 }), lies => {
        const { scales } = agree(addMoments([...honest, lies]), ranges)
        const near = scales.filter(({ mean, std }, at) => {
          const of = truth.scales[at]!
          expect(std).toBeGreaterThanOrEqual(of.std / 64)
          expect(std).toBeLessThanOrEqual(of.std * 512)
          expect(Math.abs(mean - of.mean)).toBeLessThanOrEqual(64 * Math.max(std, 2 * of.std))
          return std >= of.std / 8 && std <= of.std * 8
        })
        expect(near.length).toBeGreaterThanOrEqual(2)
      }),
    )
  })

  it.each([
    ['a huge count', { count: 2n ** 60n, sum: 0n, squares: 0n }],
    ['a giant spread', { count: 100n, sum: 0n, squares: 2n ** 600n }],
    [
      'a tiny spread at the mean',
      { count: 10n ** 12n, sum: 10n ** 12n * (50n << 149n), squares: 10n ** 12n * (50n << 149n) ** 2n },
    ],
    ['what no values have', { count: 100n, sum: 2n ** 200n, squares: -(2n ** 400n) }],
    [
      'a mean far away',
      { count: 100n, sum: 100n * ((10n ** 9n) << 149n), squares: 100n * ((10n ** 9n) << 149n) ** 2n },
    ],
  ])('%s: the ranges of the manifest count', (_, lie) => {
    const { scales, ranged } = added(lie)
    expect(ranged).toEqual([0, 1, 2])
    for (const [at, { mean, std }] of scales.entries()) {
      expect(std / truth.scales[at]!.std).toBeGreaterThanOrEqual(1)
      expect(std / truth.scales[at]!.std).toBeLessThanOrEqual(2)
      expect(Math.abs(mean - truth.scales[at]!.mean)).toBeLessThanOrEqual(std / 2)
    }
  })

  it('touch one column alone where only one is beyond its range', () => {
    const far = { count: 100n, sum: 0n, squares: 2n ** 600n }
    const lie = [far, ...honest[0]!.slice(1)]
    const { scales, ranged } = agree(addMoments([...honest, lie]), ranges)
    expect(ranged).toEqual([0])
    expect(scales[1]!.std / truth.scales[1]!.std).toBeCloseTo(1, 1)
  })

  it('are found out where they cannot hold the own rows', () => {
    const own = honest[1]!
    const lie = own.map(({ count, sum, squares }) => ({ count: -count, sum: -sum, squares: -2n * squares }))
    const totals = addMoments([own, lie])
    const common = { mean: new Float32Array(3), std: new Float32Array(3).fill(1) }
    const { notes } = seenBy(columns, common, truth, own, totals)
    expect(notes).toContainEqual(expect.stringMatching(/columns x, y, z: .*a peer has lied/))
    expect(seenBy(columns, common, truth, own, addMoments(honest)).notes).toEqual([])
  })

  it('stay small for categories, which are 0 or 1 everywhere', () => {
    const scale = (lie: Moments): number[] => {
      const { mean, std } = agree([lie], ['category']).scales[0]!
      return [mean, std]
    }
    expect(scale({ count: 4n, sum: 1n << 149n, squares: 1n << 298n })).toEqual([0.25, Math.sqrt(3) / 4])
    expect(scale({ count: 1n, sum: 2n ** 300n, squares: 2n ** 600n })).toEqual([1, 1 / 32])
    expect(scale({ count: 5n, sum: 0n, squares: 0n })).toEqual([0, 1 / 32])
    expect(scale({ count: 2n, sum: 0n, squares: 2n ** 600n })).toEqual([0, 1])
  })
})

describe('five peers of whom one lies about its sums', () => {
  const rows = Array.from({ length: 4 }, (_, site) => Array.from({ length: 100 }, (_, i) => (i * 37 + site * 11) % 100))
  const own = rows.map(values => column(...values))
  const ranges = rangesOf(numbers, own[0]!)

  /** Gradient descent on a logistic loss; above 50 is the one class. @returns the share that is right */
  function learned({ mean, std }: { readonly mean: number; readonly std: number }): number {
    let [weight, bias] = [0, 0]
    const all = rows.flat().map(value => ({ x: (value - mean) / std, y: value > 50 ? 1 : 0 }))
    const logit = (x: number): number => weight * x + bias
    for (let step = 0; step < 500; step++) {
      let [byWeight, byBias] = [0, 0]
      for (const { x, y } of all) {
        const error = 1 / (1 + Math.exp(-logit(x))) - y
        byWeight += (error * x) / all.length
        byBias += error / all.length
      }
      weight -= byWeight
      bias -= byBias
    }
    return all.filter(({ x, y }) => logit(x) > 0 === (y === 1)).length / all.length
  }

  it.each([
    ['nothing', { count: 0n, sum: 0n, squares: 0n }],
    ['a giant spread', { count: 100n, sum: 0n, squares: 2n ** 600n }],
    ['a huge count at 0', { count: 2n ** 60n, sum: 0n, squares: 0n }],
    ['what no values have', { count: -5n, sum: 2n ** 300n, squares: -1n }],
  ])('learn all the same with %s', (_, lie) => {
    expect(learned(agree(addMoments([...own, [lie]]), ranges).scales[0]!)).toBeGreaterThanOrEqual(0.97)
  })

  it('would not where its sums were believed', () => {
    const giant = { count: 100n, sum: 0n, squares: 2n ** 650n }
    expect(learned(agree(addMoments([...own, [giant]])).scales[0]!)).toBeLessThan(0.7)
  })
})

describe('a peer that differs from what was agreed', () => {
  const agreement = { scales: [{ mean: 0, std: 1 }], ranged: [] }
  const common = { mean: Float32Array.of(0), std: Float32Array.of(1) }

  it.each([
    ['alike', column(-1, 1), []],
    ['nine times as wide', column(-9, 9), ['more than 8 times as wide or as narrow']],
    ['nine times as narrow', column(-0.1, 0.1), ['more than 8 times as wide or as narrow']],
    ['nine deviations off', column(8, 10), ['more than 8 times as wide or as narrow']],
    ['40 times as wide', column(-40, 40), ['left out at this peer']],
    ['without a value', column(Number.NaN), []],
    ['constant', column(1, 1), []],
  ])('%s', (_, own, said) => {
    const { notes, standardisation } = seenBy(numbers, common, agreement, own)
    expect(notes).toHaveLength(said.length)
    for (const [i, part] of said.entries()) expect(notes[i]).toContain(part)
    const isOut = said.some(part => part.includes('left out'))
    expect(standardisation.std[0]).toBe(isOut ? Math.fround(unknownSpread) : 1)
    expect(standardisation === common).toBe(!isOut)
  })

  it('sees constants and missing columns as 0', () => {
    const sums = addMoments([column(5, 5), column(Number.NaN)])
    const { mean, std } = agreedStandardisation(table([[5]]), samplesOf([[5]]), agree(sums))
    expect([mean[0], std[0]]).toEqual([5, Math.fround(unknownSpread)])
  })
})
