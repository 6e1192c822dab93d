import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  classTable,
  type Dataset,
  loadDataset,
  type PartitionInput,
  partition,
  partitionIndices,
  personalTests,
} from '../../src/data/index.js'
import { dirichlet } from '../../src/data/partition/classes.js'
import { redraws } from '../../src/data/partition/dirichlet.js'
import { random } from '../../src/random.js'
import { balanced, numberedDataset } from './samples.js'

const data = numberedDataset(balanced(2000, 10), 10)

/** How many samples each shard has of each class. */
function tableOf(dataset: Dataset, shards: readonly Uint32Array[]): number[][] {
  return shards.map(shard => {
    const counts = new Array<number>(dataset.classes.length).fill(0)
    for (const index of shard) counts[dataset.train.labels[index]!]!++
    return counts
  })
}

const onceOnly: PartitionInput[] = [
  { kind: 'iid' },
  { kind: 'resolution' },
  { kind: 'dirichlet', alpha: 0.1 },
  { kind: 'dirichlet', alpha: 0.5, mode: 'class' },
  { kind: 'quantity', alpha: 0.3 },
]
const equalSizes: PartitionInput[] = [{ kind: 'iid' }, { kind: 'dirichlet', alpha: 0.1 }, { kind: 'pathological' }]

describe('every partition', () => {
  it.each(onceOnly)('%j deals a sample at most once', spec => {
    for (const peers of [1, 7, 16]) {
      const dealt = partitionIndices(data, spec, peers, 3).flatMap(shard => [...shard])
      expect(new Set(dealt).size).toBe(dealt.length)
      expect(Math.max(...dealt)).toBeLessThan(2000)
    }
  })

  it.each(equalSizes)('%j deals equal sizes', spec => {
    const sizes = partitionIndices(data, spec, 7, 3).map(shard => shard.length)
    expect(sizes).toEqual(new Array(7).fill(Math.floor(2000 / 7)))
  })

  it.each([...onceOnly, { kind: 'pathological' } as const])(
    '%j is the same for the same seed, and only for it',
    spec => {
      expect(partitionIndices(data, spec, 8, 5)).toEqual(partitionIndices(data, spec, 8, 5))
      expect(partitionIndices(data, spec, 8, 5)).not.toEqual(partitionIndices(data, spec, 8, 6))
    },
  )

  it('deals any data to any number of peers, or says why not', () => {
    const kinds = fc.constantFrom(...onceOnly.filter(spec => !('mode' in spec)))
    const labels = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(labels, kinds, fc.integer({ min: 1, max: 60 }), fc.nat(), (own, spec, peers, seed) => {
        const dataset = numberedDataset(own, 5)
        if (peers > own.length) {
          expect(() => partitionIndices(dataset, spec, peers, seed)).toThrow(/peers for \d+ training samples; at most/)
          return
        }
        const dealt = partitionIndices(dataset, spec, peers, seed).flatMap(shard => [...shard])
        expect(new Set(dealt).size).toBe(dealt.length)
      }),
    )
  })

  it('refuses no peers and half peers', () => {
    for (const peers of [0, 1.5, -1]) {
      expect(() => partitionIndices(data, { kind: 'iid' }, peers, 1)).toThrow(/must be a whole number from 1/)
    }
  })
})

describe('client-wise Dirichlet', () => {
  // ALGORITHMS.md section 7: E[Σ prior²] = (α + 1) / (αC + 1), C = 10.
  it.each([
    [0.1, 0.55],
    [0.3, 0.325],
    [0.6, 0.2286],
    [1, 0.1818],
  ])('its priors with alpha %d have E[Σ prior²] = %d', (alpha, expected) => {
    const generator = random(11, 'test')
    const draws = 20_000
    let sum = 0
    for (let i = 0; i < draws; i++) for (const share of dirichlet(alpha, 10, generator)) sum += share ** 2
    // The deviation of one draw is below 0.25, so of the mean below 0.002.
    expect(Math.abs(sum / draws - expected)).toBeLessThan(0.006)
  })

  it('a prior sums to 1 even where its gamma numbers underflow', () => {
    const generator = random(1, 'test')
    for (let i = 0; i < 200; i++) {
      const shares = dirichlet(1e-5, 10, generator)
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    }
  })

  it('label shares of the shards follow alpha', () => {
    const skew = (alpha: number): number => {
      const large = numberedDataset(balanced(40_000, 10), 10)
      const tables = tableOf(large, partitionIndices(large, { kind: 'dirichlet', alpha }, 40, 2))
      const squares = tables.map(counts => counts.reduce((sum, count) => sum + (count / 1000) ** 2, 0))
      return squares.reduce((sum, square) => sum + square, 0) / squares.length
    }
    const [strong, middle, weak] = [skew(0.1), skew(0.6), skew(1000)]
    expect(strong).toBeGreaterThan(middle + 0.1)
    expect(middle).toBeGreaterThan(weak + 0.05)
    expect(weak).toBeLessThan(0.102)
  })

  it('ends when a peer wants only classes that have run out', () => {
    // Ten peers with next to one class each, one class with most of the samples.
    const labels = [...balanced(20, 10), ...new Array<number>(180).fill(3)]
    const shards = partitionIndices(numberedDataset(labels, 10), { kind: 'dirichlet', alpha: 1e-4 }, 10, 4)
    expect(new Set(shards.flatMap(shard => [...shard])).size).toBe(200)
  })
})

describe('class-wise Dirichlet', () => {
  it('deals every sample and at least ten to each peer', () => {
    const shards = partitionIndices(data, { kind: 'dirichlet', mode: 'class', alpha: 0.3 }, 10, 1)
    const sizes = shards.map(shard => shard.length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2000)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...sizes)).toBeGreaterThan(Math.min(...sizes))
  })

  it('refuses what cannot be, and gives up after so many draws', () => {
    const spec = { kind: 'dirichlet', mode: 'class', alpha: 0.01 } as const
    expect(() => partitionIndices(data, spec, 201, 1)).toThrow(/2000 samples for 201 peers; .* at most 200 peers/)
    expect(() => partitionIndices(data, spec, 50, 1)).toThrow(new RegExp(`in ${redraws} draws .* take a larger alpha`))
  })
})

describe('pathological', () => {
  it('gives each peer as many classes as asked for', () => {
    for (const classes of [1, 2, 5]) {
      const tables = tableOf(data, partitionIndices(data, { kind: 'pathological', classes }, 20, 1))
      for (const counts of tables) expect(counts.filter(count => count > 0)).toHaveLength(classes)
    }
  })

  it('repeats samples of a class that has run out, even a class of one', () => {
    const labels = [0, ...new Array<number>(99).fill(1)]
    const shards = partitionIndices(numberedDataset(labels, 2), { kind: 'pathological', classes: 1 }, 10, 2)
    const dealt = shards.flatMap(shard => [...shard])
    expect(dealt).toHaveLength(100)
    expect(dealt.filter(index => index === 0).length % 10).toBe(0)
    expect(dealt.filter(index => index === 0).length).toBeGreaterThan(1)
  })

  it('refuses more classes than there are', () => {
    const dataset = numberedDataset([0, 1, 0, 1], 3)
    expect(() => partitionIndices(dataset, { kind: 'pathological', classes: 3 }, 2, 1)).toThrow(
      /training samples have 2/,
    )
  })
})

describe('quantity skew', () => {
  it('deals every sample in unequal sizes with equal classes', () => {
    const shards = partitionIndices(data, { kind: 'quantity', alpha: 0.3 }, 10, 1)
    const sizes = shards.map(shard => shard.length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2000)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...sizes)).toBeGreaterThan(3 * Math.min(...sizes))
    for (const counts of tableOf(data, shards)) {
      const size = counts.reduce((sum, count) => sum + count, 0)
      for (const count of counts) expect(Math.abs(count - size / 10)).toBeLessThanOrEqual(2)
    }
  })
})

describe('natural and resolution', () => {
  it('natural deals to whom the source names, to no other number of peers', async () => {
    const dataset = await loadDataset({ set: 'heart-disease' }, 1)
    const shards = partition(dataset, { kind: 'natural' }, 4, 1)
    expect(shards.map(shard => shard.name)).toEqual(dataset.naturalPeers!.names)
    expect(shards.reduce((sum, shard) => sum + shard.samples.size, 0)).toBe(dataset.train.size)
    expect(() => partition(dataset, { kind: 'natural' }, 5, 1)).toThrow(
      /4 natural peers \(cleveland, .*set peers to 4, or .* --partition iid$/,
    )
    expect(() => partition(data, { kind: 'natural' }, 5, 1)).toThrow(/numbered does not name the peer of each sample/)
    const tests = personalTests(dataset, { kind: 'natural' }, shards, 1)
    expect(tests.reduce((sum, test) => sum + test.size, 0)).toBe(dataset.test.size)
  })

  it('resolution gives peer k the factor k mod n, over an iid split', async () => {
    const dataset = await loadDataset({ set: 'digits' }, 1)
    const shards = partition(dataset, { kind: 'resolution', factors: [1, 4] }, 4, 1)
    const plain = partition(dataset, { kind: 'iid' }, 4, 1)
    for (const [k, shard] of shards.entries()) {
      expect(shard.samples.labels).toEqual(plain[k]!.samples.labels)
      if (k % 2 === 0) expect(shard.samples.inputs).toEqual(plain[k]!.samples.inputs)
      else expect(shard.samples.inputs).not.toEqual(plain[k]!.samples.inputs)
    }
    expect(() => partition(data, { kind: 'resolution' }, 4, 1)).toThrow(/resolution needs images/)
  })
})

describe('shards', () => {
  it('hold copies on shared memory of their own', () => {
    const [shard] = partition(data, { kind: 'iid' }, 4, 1)
    expect(shard!.samples.inputs.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(shard!.samples.inputs.buffer).not.toBe(data.train.inputs.buffer)
    expect(shard!.samples.inputs).toHaveLength(500)
    for (let i = 0; i < 500; i++) expect(shard!.samples.labels[i]).toBe(shard!.samples.inputs[i]! % 10)
  })

  it('are counted by class', () => {
    const table = classTable(data, partition(data, { kind: 'iid' }, 4, 1))
    expect(table.rows.map(row => row.size)).toEqual([500, 500, 500, 500])
    const sums = table.classes.map((_, label) => table.rows.reduce((sum, row) => sum + row.counts[label]!, 0))
    expect(sums).toEqual(new Array(10).fill(200))
  })

  it('have no classes where numbers are learned', () => {
    const numbers: Dataset = {
      ...data,
      classes: ['price'],
      objective: { kind: 'regression' as const, target: 'price' },
    }
    const table = classTable(numbers, partition(data, { kind: 'iid' }, 4, 1))
    expect(table.classes).toEqual([])
    expect(table.rows[0]).toMatchObject({ size: 500, counts: [] })
  })

  it('have personal tests with the classes of the peer, no sample twice', () => {
    const spec = { kind: 'dirichlet', alpha: 0.2 } as const
    const shards = partition(data, spec, 8, 1)
    const tests = personalTests(data, spec, shards, 1)
    for (const [peer, test] of tests.entries()) {
      expect(new Set(test.inputs).size).toBe(test.size)
      const own = classTable(data, [shards[peer]!]).rows[0]!
      for (let label = 0; label < 10; label++) {
        const expected = Math.ceil((own.counts[label]! / own.size) * 250 - 1e-9)
        expect(test.labels.filter(other => other === label)).toHaveLength(Math.min(200, expected))
      }
    }
  })
})
