import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { manifestFrom } from '../../src/cli/run-flags.js'
import {
  type Dataset,
  loadDataset,
  loadForTask,
  type PartitionInput,
  partition,
  partitionIndices,
  taskOf,
} from '../../src/data/index.js'
import { stratifiedSplit } from '../../src/data/split.js'
import { folderWith, numberedDataset } from './samples.js'

/** Patients with one to five rows each; the first input says whose a row is, the second which row it is. */
const patients = (from: number, to: number): string =>
  `patient,code,x,l\n${Array.from({ length: to - from }, (_, i) =>
    Array.from(
      { length: 1 + (i % 5) },
      (_, row) => `p${from + i},${from + i},${i + row / 8},${i % 2 === 0 ? 'well' : 'ill'}\n`,
    ).join(''),
  ).join('')}`

const codes = ({ inputs, size }: Dataset['train']): Set<number> =>
  new Set(Array.from({ length: size }, (_, i) => inputs[i * 2]!))

const grouped = fc
  .array(fc.tuple(fc.nat(30), fc.nat(3)), { minLength: 1, maxLength: 300 })
  .map(rows => ({ groups: Uint32Array.from(rows, ([g]) => g), labels: Int32Array.from(rows, ([, l]) => l) }))

describe('a split that keeps groups', () => {
  it('has no group on both sides, loses no sample, and is the same for a seed', () => {
    fc.assert(
      fc.property(grouped, fc.integer(), fc.double({ min: 0.05, max: 0.9, noNaN: true }), (data, seed, share) => {
        const { labels, groups } = data
        const { train, test } = stratifiedSplit(labels, share, seed, { groups })
        expect(stratifiedSplit(labels, share, seed, { groups })).toEqual({ train, test })
        expect([...train, ...test].sort((a, b) => a - b)).toEqual([...labels.keys()])
        const trained = new Set(Array.from(train, sample => groups[sample]!))
        expect([...test].filter(sample => trained.has(groups[sample]!))).toEqual([])
      }),
    )
  })

  it('keeps the share to within half a group, and the share of each class', () => {
    const groups = Uint32Array.from({ length: 1200 }, (_, i) => Math.floor(i / 6))
    const labels = Int32Array.from(groups, group => (group % 10 === 0 ? 1 : 0))
    const { test } = stratifiedSplit(labels, 0.25, 3, { groups })
    expect(Math.abs(test.length - 300)).toBeLessThanOrEqual(3)
    expect(Math.abs(test.filter(sample => labels[sample] === 1).length - 30)).toBeLessThanOrEqual(6)
    // Four large groups: one is nearer to a fifth than none.
    const four = Uint32Array.from({ length: 400 }, (_, i) => i % 4)
    expect(stratifiedSplit(new Int32Array(400), 0.2, 1, { groups: four }).test).toHaveLength(100)
  })

  it('leaves one group of a rare class to train on', () => {
    const groups = Uint32Array.from({ length: 100 }, (_, i) => Math.floor(i / 10))
    const labels = Int32Array.from(groups, (group, i) => (group === 4 && i === 43 ? 1 : 0))
    for (let seed = 0; seed < 20; seed++) {
      expect([...stratifiedSplit(labels, 0.5, seed, { groups }).train]).toContain(43)
    }
  })
})

describe('a partition that keeps groups', () => {
  const kinds: PartitionInput[] = [
    { kind: 'iid' },
    { kind: 'dirichlet', alpha: 0.2 },
    { kind: 'dirichlet', alpha: 5, mode: 'class' },
    { kind: 'quantity', alpha: 0.5 },
  ]
  const groups = Uint32Array.from({ length: 1000 }, (_, i) => (i * 7) % 90)
  const data: Dataset = {
    ...numberedDataset(
      [...groups].map(group => group % 3),
      3,
    ),
    groups,
  }

  it.each(kinds)('%j has no group at two peers, and deals every sample', spec => {
    for (const [peers, seed] of [
      [1, 1],
      [4, 2],
      [7, 3],
    ] as const) {
      const shards = partitionIndices(data, spec, peers, seed)
      expect(partitionIndices(data, spec, peers, seed)).toEqual(shards)
      expect(shards.flatMap(shard => [...shard]).sort((a, b) => a - b)).toEqual([...groups.keys()])
      const owners = new Map<number, number>()
      for (const [peer, shard] of shards.entries()) {
        expect(shard.length).toBeGreaterThan(0)
        for (const sample of shard) {
          expect(owners.get(groups[sample]!) ?? peer).toBe(peer)
          owners.set(groups[sample]!, peer)
        }
      }
    }
  })

  it('is refused where it cannot be', () => {
    expect(() => partitionIndices(data, { kind: 'pathological' }, 4, 1)).toThrow(/cannot keep each group/)
    expect(() => partitionIndices(data, { kind: 'iid' }, 91, 1)).toThrow(/91 peers for 90 groups .*at most 90 peers/)
  })
})

async function folder(files: Record<string, string>): Promise<string> {
  const root = await folderWith({})
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

describe('data.groupColumn', () => {
  it('keeps patients on one side and at one peer, and is no input', async () => {
    const set = join(await folder({ 'a.csv': patients(0, 100) }), 'a.csv')
    const dataset = await loadDataset({ set, groupColumn: 'patient' }, 1)
    expect([dataset.inputShape, dataset.table!.columns.map(({ name }) => name)]).toEqual([[2], ['code', 'x', 'l']])
    const [trained, tested] = [codes(dataset.train), codes(dataset.test)]
    expect([...tested].filter(code => trained.has(code))).toEqual([])
    expect(trained.size + tested.size).toBe(100)
    expect(dataset.test.size / (dataset.train.size + dataset.test.size)).toBeCloseTo(0.2, 1)
    const peers = partition(dataset, { kind: 'dirichlet' }, 4, 1).map(({ samples }) => codes(samples))
    expect(peers.reduce((sum, { size }) => sum + size, 0)).toBe(trained.size)
    // Without it they are on both sides.
    const plain = await loadDataset({ set, columns: ['code', 'x', 'l'] }, 1)
    expect([...codes(plain.test)].some(code => codes(plain.train).has(code))).toBe(true)
    const { data } = await manifestFrom(undefined, { data: set, groupColumn: '1' })
    expect(data.groupColumn).toBe(1)
  })

  it('names a row whose group is missing, and what it cannot be besides', async () => {
    const set = join(await folder({ 'a.csv': `${patients(0, 9)},9,1,ill\n` }), 'a.csv')
    await expect(loadDataset({ set, groupColumn: 'patient' }, 1)).rejects.toThrow(
      /a\.csv:27: column 1 \("patient"\): the group is missing/,
    )
    await expect(loadDataset({ set, groupColumn: 'l' }, 1)).rejects.toThrow(/cannot be both label and group/)
    await expect(loadDataset({ set: 'pneumoniamnist', groupColumn: 'l' }, 1)).rejects.toThrow(
      /data\.groupColumn: does not apply/,
    )
  })

  it('refuses test data of its own with a group that is trained on', async () => {
    const set = await folder({ 'train.csv': patients(0, 20), 'test.csv': patients(19, 30) })
    await expect(loadDataset({ set, groupColumn: 'patient' }, 1)).rejects.toThrow(
      /test\.csv:2: is of the same group \(data\.groupColumn\) as .*train\.csv:57/,
    )
    await writeFile(join(set, 'test.csv'), patients(20, 30))
    expect((await loadDataset({ set, groupColumn: 'patient' }, 1)).test.size).toBe(30)
  })

  it('tells of groups at more than one natural peer', async () => {
    const set = await folder({ 'basel.csv': patients(0, 20), 'zurich.csv': patients(18, 40) })
    const { notes, train, test } = await loadDataset({ set, groupColumn: 'patient' }, 1)
    expect(notes).toEqual([
      expect.stringMatching(
        /^2 groups have rows at more than one natural peer \(data\.groupColumn\), like .*basel\.csv:53 and .*zurich\.csv:2$/,
      ),
    ])
    expect([...codes(test)].filter(code => codes(train).has(code))).toEqual([])
  })

  it('is asked of whoever joins, under a name of their own', async () => {
    const root = await folder({
      'a.csv': patients(0, 40),
      'b.csv': patients(40, 80).replace('patient', 'case'),
      'c.csv': patients(40, 80).replaceAll(/^[^,]*,/gm, ''),
    })
    const task = taskOf(await loadDataset({ set: join(root, 'a.csv'), groupColumn: 'patient' }, 1))
    const own = await loadForTask({ set: join(root, 'b.csv'), groupColumn: 'case' }, task, 1)
    expect([...codes(own.test)].filter(code => codes(own.train).has(code))).toEqual([])
    expect(own.inputShape).toEqual([2])
    await expect(loadForTask({ set: join(root, 'c.csv'), groupColumn: 'patient' }, task, 1)).rejects.toThrow(
      /c\.csv: data\.groupColumn \(--group-column\): there is no column "patient"/,
    )
    await expect(loadForTask({ set: join(root, 'c.csv'), groupColumn: 'code' }, task, 1)).rejects.toThrow(
      /column 1 \("code"\) is one that the run learns from/,
    )
  })
})

it('of many samples the share is held back to the last one', () => {
  const { train, test } = stratifiedSplit(new Int32Array(400_000), 0.2, 1)
  expect([train.length, test.length]).toEqual([320_000, 80_000])
})
