import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { manifestFrom } from '../../src/cli/run-flags.js'
import { loadDataset, loadInputs, partition, peersByFile, personalTests } from '../../src/data/index.js'
import { manifestForData } from '../../src/node/index.js'
import { folderWith } from './samples.js'

/** Rows with a number that tells where they are from. */
const table = (first: number, rows = 6): string =>
  `x,l\n${Array.from({ length: rows }, (_, i) => `${first + (i % 2)}.5,${i % 2 === 0 ? 'no' : 'yes'}\n`).join('')}`

async function folder(files: Record<string, string>): Promise<string> {
  const root = await folderWith({})
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

const tens = (inputs: Float32Array | Uint8Array): number[] =>
  [...new Set([...inputs].map(x => Math.floor(x / 10)))].sort((a, b) => a - b)

describe('test data of tables', () => {
  it.each([
    ['train.csv and test.csv', { 'train.csv': table(10), 'test.csv': table(20) }],
    ['names with the same beginning', { 'heart-train.csv': table(10), 'heart-holdout.csv': table(20) }],
    ['folders train and test with a table each', { 'train/a.csv': table(10), 'test/b.csv': table(20) }],
  ])('are told by names: %s', async (_, files) => {
    const dataset = await loadDataset({ set: await folder(files) }, 1)
    expect([tens(dataset.train.inputs), tens(dataset.test.inputs)]).toEqual([[1], [2]])
    expect(dataset.naturalPeers).toBeUndefined()
  })

  it('are of each peer, in folders train and test, by the names of files', async () => {
    const set = await folder({
      'train/boston.csv': table(10),
      'train/zurich.csv': table(20),
      'test/boston.csv': table(30),
      'test/zurich.csv': table(40),
      'val/boston.csv': table(50),
      'val/zurich.csv': table(60),
    })
    const { train, test, validation, naturalPeers } = await loadDataset({ set }, 1)
    expect([tens(train.inputs), tens(test.inputs), tens(validation!.inputs)]).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expect(naturalPeers!.names).toEqual(['boston', 'zurich'])
    expect([...naturalPeers!.ofTest!]).toEqual(Array.from(test.inputs, x => (x < 40 ? 0 : 1)))
    await writeFile(join(set, 'test', 'basel.csv'), table(70))
    await expect(loadDataset({ set }, 1)).rejects.toThrow(/basel\.csv: belongs to none of the peers boston, zurich/)
  })

  it('are named by data.test: a file for all, in the folder or beside it, or a folder by peers', async () => {
    const root = await folder({
      'sites/boston.csv': table(10),
      'sites/zurich.csv': table(20),
      'sites/test.csv': table(30),
      'later/boston.csv': table(40),
      'later/zurich.csv': table(50),
    })
    const set = join(root, 'sites')
    await expect(loadDataset({ set }, 1)).rejects.toThrow(
      /test\.csv: looks like test data, and every table here is a peer .*--test \(data\.test\)/,
    )
    const all = await loadDataset({ set, test: join(set, 'test.csv') }, 1)
    expect([tens(all.train.inputs), tens(all.test.inputs)]).toEqual([[1, 2], [3]])
    expect([all.naturalPeers!.names, all.naturalPeers!.ofTest]).toEqual([['boston', 'zurich'], undefined])
    const one = await loadDataset({ set: join(set, 'boston.csv'), test: join(set, 'test.csv') }, 1)
    expect([tens(one.train.inputs), tens(one.test.inputs)]).toEqual([[1], [3]])
    const own = await loadDataset({ set: join(root, 'later'), test: set }, 1).catch(error => String(error))
    expect(own).toMatch(/test\.csv: belongs to none of the peers/)
    await expect(loadDataset({ set: 'digits', test: 'nowhere.csv' }, 1)).rejects.toThrow(
      /data\.test: there is no file or folder nowhere\.csv/,
    )
  })

  it.each(['hold-out', 'my_test', 'validation-2024', 'site.eval'])('are never a peer called %s', async name => {
    const set = await folder({ 'boston.csv': table(10), 'zurich.csv': table(20), [`${name}.csv`]: table(30) })
    await expect(loadDataset({ set }, 1)).rejects.toThrow(/looks like test data/)
  })

  it('lack for a peer that others have them for, and that is told', async () => {
    const set = await folder({
      'train/basel.csv': table(10),
      'train/boston.csv': table(20),
      'train/zurich.csv': table(30),
      'test/basel.csv': table(40),
      'test/boston.csv': table(50),
    })
    const dataset = await loadDataset({ set }, 1)
    const shards = partition(dataset, { kind: 'natural' }, 3, 1)
    expect(() => personalTests(dataset, { kind: 'natural' }, shards, 1)).toThrow(
      /evaluation: zurich has no test samples of its own .* evaluation\.on: common/,
    )
    expect(dataset.notes).toEqual([
      'no test data of the peer zurich, and others have their own: it is tested on theirs alone',
    ])
    await writeFile(join(set, 'test', 'zurich.csv'), table(60))
    expect((await loadDataset({ set }, 1)).notes).toBeUndefined()
  })

  it('leave a peer be whose name only contains such a word', async () => {
    const set = await folder({ 'contest.csv': table(10), 'medieval.csv': table(20) })
    expect((await loadDataset({ set }, 1)).naturalPeers!.names).toEqual(['contest', 'medieval'])
  })

  it('come with categories and classes of their own', async () => {
    const set = await folder({ 'train.csv': 'c,x,l\na,1,no\nb,2,yes\na,3,no\n', 'test.csv': 'c,x,l\nd,4,odd\n' })
    const { inputShape, classes, notes } = await loadDataset({ set }, 1)
    expect([inputShape, classes]).toEqual([[4], ['no', 'odd', 'yes']])
    expect(notes).toEqual(['class odd: test samples only, so no model learns it'])
  })
})

describe('a table whose path is given', () => {
  it.each(['txt', 'dat', 'tab', 'train', 'test', 'TXT.gz'])(
    'may end in .%s, and is passed over in a folder',
    async end => {
      const root = await folderWith({ [`a.${end}`]: table(10), 'b.csv': table(20), 'c.csv': table(30) })
      const named = join(root, `a.${end}`)
      const { train, test } = await loadDataset({ set: named }, 1)
      expect(train.size + test.size).toBe(6)
      expect((await loadDataset({ set: join(root, 'b.csv'), test: named }, 1)).test.size).toBe(6)
      const { table: columns } = await loadDataset({ set: named }, 1)
      expect((await loadInputs(named, { inputShape: [1], pixels: false, table: columns })).samples.size).toBe(6)
      expect((await loadDataset({ set: root }, 1)).naturalPeers!.names).toEqual(['b', 'c'])
    },
  )

  it('is refused as test data where its name says that it is something else', async () => {
    const root = await folderWith({ 'a.csv': table(10), 'test.xlsx': 'PK' })
    await expect(loadDataset({ set: join(root, 'a.csv'), test: join(root, 'test.xlsx') }, 1)).rejects.toThrow(
      /data\.test: .*test\.xlsx is no table; known are \.csv, .*\.txt.*\(also \.gz\)/,
    )
  })
})

describe('a folder with a table for each peer', () => {
  it('is natural by default, and read otherwise when that is said', async () => {
    const set = await folder({ 'boston.csv': table(10), 'basel.csv': table(20), 'zurich.csv': table(30) })
    expect(await peersByFile({ set })).toEqual(['basel', 'boston', 'zurich'])
    const { partition, peers } = await manifestFrom(undefined, { data: set })
    expect([partition, peers]).toEqual([{ kind: 'natural' }, 3])
    expect((await manifestFrom(undefined, { data: set, partition: 'iid', peers: 2 })).partition.kind).toBe('iid')
    expect((await manifestForData({ data: { set } })).peers).toBe(3)
    const parts = await folder({ 'train.csv': table(10), 'test.csv': table(20) })
    expect((await manifestFrom(undefined, { data: parts })).partition.kind).toBe('dirichlet')
    expect(await peersByFile({ set: 'digits' })).toBeUndefined()
    expect(await peersByFile({ set: join(set, 'boston.csv') })).toBeUndefined()
  })
})
