import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataInput, type Dataset, loadDataset } from '../../src/data/index.js'
import { dataLimits } from '../../src/data/limits.js'
import { decodeTable } from '../../src/data/read/table.js'
import { readTables } from '../../src/data/read/tables.js'
import type { Source } from '../../src/data/source.js'
import { folderWith, onlyHearsayErrors } from './samples.js'

async function read(text: string, options: Omit<DataInput, 'set'> = {}, limits = dataLimits): Promise<Source> {
  const folder = await folderWith({ 'a.csv': text })
  return readTables(join(folder, 'a.csv'), options, limits)
}

async function load(text: string, options: Omit<DataInput, 'set'> = {}): Promise<Dataset> {
  const folder = await folderWith({ 'a.csv': text })
  return loadDataset({ set: join(folder, 'a.csv'), ...options }, 1)
}

describe('tables', () => {
  it('reads numbers, missing values and a label in the last column', async () => {
    const source = await read('1,2.5,no\n-3e2,?,yes\n,NA,no\nNaN,.5,yes\n')
    expect(source.inputShape).toEqual([2])
    expect(source.train.inputs).toEqual(Float32Array.of(1, 2.5, -300, NaN, NaN, NaN, NaN, 0.5))
    expect(source.labelTexts).toEqual(['no', 'yes'])
    expect(source.train.labels).toEqual(Int32Array.of(0, 1, 0, 1))
  })

  it('finds a header, and a label by name or by number from 1', async () => {
    const text = 'age;ill;weight\n30;1;70\n40;0;80\n'
    for (const label of ['ill', 2]) {
      const source = await read(text, { label })
      expect(source.train.inputs).toEqual(Float32Array.of(30, 70, 40, 80))
      expect(source.labelTexts).toEqual(['0', '1'])
    }
  })

  it('takes a header line that is told not to be one as data, and the other way round', async () => {
    expect((await read('a,b,x\nb,c,y\n', { header: true })).train.size).toBe(1)
    expect((await read('a,b,x\nb,c,y\n', { header: false })).train.size).toBe(2)
    await expect(read('a,x\n1,y\n', { header: false })).rejects.toThrow(/a\.csv:1: column 1: "a" is not a number/)
  })

  it('turns columns without any number into one input per text, sorted', async () => {
    const source = await read('colour,size,label\nred,1,0\nblue,2,1\n,3,0\n')
    expect(source.inputShape).toEqual([3])
    expect(source.train.inputs).toEqual(Float32Array.of(0, 1, 1, 1, 0, 2, NaN, NaN, 3))
  })

  it('reads a column of numbers as categories when told, with the categories of all peers when listed', async () => {
    const told = await read('3,1,0\n1,1,1\n1.0,1,1\n', { categorical: [1] })
    expect(told.train.inputs).toEqual(Float32Array.of(0, 1, 1, 1, 0, 1, 1, 0, 1))
    const listed = await read('3,1,0\n1,1,1\n', { categorical: [{ column: 1, values: [1, 2, 3] }] })
    expect(listed.train.inputs).toEqual(Float32Array.of(0, 0, 1, 1, 1, 0, 0, 1))
    await expect(read('4,1,0\n', { categorical: [{ column: 1, values: [1, 2, 3] }] })).rejects.toThrow(
      /a\.csv:1: column 1: "4" is none of the values 1, 2, 3/,
    )
  })

  it.each([
    ['after numbers', 'age,label\n30,0\n31,1\nold,0\n'],
    ['before numbers', 'age,label\n30,0\n31,1\nold,0\n32,1\n'],
  ])('a text %s is an error with file, line and column', async (_, text) => {
    await expect(read(text, { header: true })).rejects.toThrow(
      /a\.csv:4: column 1 \("age"\): "old" is not a number, but other lines have numbers there/,
    )
  })

  it('names the text, not the number after it, and counts quoted line ends', async () => {
    await expect(read('"two\nlines",0\n5,1\n', { header: false })).rejects.toThrow(/a\.csv:2: column 1: "two/)
  })

  it.each([
    ['ragged lines', '1,2,0\n1,2\n', {}, /a\.csv:2: has 2 columns, the first line 3/],
    ['one column', '1\n2\n', {}, /only one column/],
    ['an empty file', '', {}, /a\.csv: is empty/],
    ['a header alone', 'a,b\n', { header: true }, /a header but no rows/],
    ['a missing label', '1,0\n2,\n', {}, /a\.csv:2: column 2: the label is missing/],
    [
      'an unknown label column',
      'a,b\n1,0\n',
      { label: 'c' },
      /data\.label: there is no column "c"; the header has a, b/,
    ],
    ['a column name without header', '1,0\n2,1\n', { label: 'c' }, /the first line is no header/],
    ['a column beyond the table', '1,0\n', { label: 3 }, /column 3; the table has 2, counted from 1/],
    ['a label that is categorical', '1,0\n', { categorical: [2] }, /cannot be both categorical and label/],
    ['no features', '1,0\n', { peerColumn: 1 }, /no column left for features/],
    ['an open quote', '1,0\n"2,1\n', {}, /a\.csv:\d: a quote is opened and never closed/],
    ['a quote inside a cell', '1,0\n2"3"4,1\n', {}, /a\.csv:2: /],
    ['a binary file', '1,0\0\n', {}, /is not a text file/],
    ['a number too large', '1e300,0\n', {}, /a\.csv:1: column 1: "1e300" is beyond what float32 holds/],
    [
      'an image shape that does not fit',
      '1,2,3,0\n',
      { inputShape: [2, 2, 1] },
      /has 3 inputs; data\.inputShape 2×2×1 needs 4/,
    ],
  ] as [string, string, Omit<DataInput, 'set'>, RegExp][])('refuses %s', async (_, text, options, message) => {
    await expect(read(text, options)).rejects.toThrow(message)
  })

  it('bounds columns, categories and classes', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `t${i},${i}\n`).join('')
    await expect(read(texts, {}, { ...dataLimits, categories: 10 })).rejects.toThrow(
      /column 1: more than 10 different values/,
    )
    await expect(read(texts, {}, { ...dataLimits, classes: 10 })).rejects.toThrow(
      /column 2: more than 10 different values; is it a number/,
    )
    await expect(read('1,2,3\n', {}, { ...dataLimits, columns: 2 })).rejects.toThrow(/has 3 columns; at most 2/)
    await expect(read('1,2,3\n', {}, { ...dataLimits, inflatedBytes: 100 })).rejects.toThrow(/the table is too large/)
  })

  it('uses the columns that are listed, and those that have a purpose by name', async () => {
    const text = 'id,age,ill,weight\na7,30,1,70\nb8,40,0,80\n'
    for (const columns of [
      ['age', 'weight'],
      [2, 4],
      ['age', 'ill', 'weight'],
    ]) {
      const source = await read(text, { label: 'ill', columns })
      expect(source.train.inputs).toEqual(Float32Array.of(30, 70, 40, 80))
      expect(source.table!.columns.map(({ kind }) => kind)).toEqual(['number', 'label', 'number'])
    }
    const last = await read(text, { columns: [2, 4] })
    expect([last.train.inputs, last.labelTexts]).toEqual([Float32Array.of(30, 40), ['70', '80']])
  })

  it.each([
    [
      'the last column, when no label is named',
      ['id'],
      {},
      /leaves out the last column \(weight\), which is the label/,
    ],
    [
      'a column of categories',
      ['age'],
      { label: 'ill', categorical: ['id'] },
      /column 1 is in data\.categorical and not/,
    ],
    ['a column that is not there', ['size'], {}, /data\.columns: there is no column "size"/],
    ['all but the label', ['weight'], {}, /no column left for features/],
  ] as [string, string[], Omit<DataInput, 'set'>, RegExp][])(
    'refuses to leave out %s',
    async (_, columns, options, says) => {
      await expect(read('id,age,ill,weight\n1,30,1,70\n2,40,0,80\n', { ...options, columns })).rejects.toThrow(says)
    },
  )

  it('makes natural peers of a column and splits within each', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i < 10 ? 'small' : 'large'},${i % 2}`).join('\n')
    const dataset = await load(rows, { peerColumn: 2, testShare: 0.2 })
    expect(dataset.naturalPeers?.names).toEqual(['large', 'small'])
    expect(dataset.inputShape).toEqual([1])
    expect([...dataset.naturalPeers!.ofTest!].filter(peer => peer === 1)).toHaveLength(2)
    expect([...dataset.naturalPeers!.ofTrain].filter(peer => peer === 1)).toHaveLength(8)
    for (const [i, peer] of dataset.naturalPeers!.ofTrain.entries()) {
      expect(peer).toBe(dataset.train.inputs[i]! < 10 ? 1 : 0)
    }
  })

  it('reads a folder of tables as natural peers, and categories alike in all', async () => {
    const folder = await folderWith({
      'ward-a.csv': 'x,c,l\n1,p,0\n2,q,1\n3,p,0\n4,q,1\n',
      'ward-b.csv.gz': 'x,c,l\n5,q,0\n6,q,1\n7,q,0\n8,q,1\n',
      'notes.txt': 'not a table',
    })
    const dataset = await loadDataset({ set: folder, testShare: 0.5 }, 1)
    expect(dataset.naturalPeers?.names).toEqual(['a', 'b'])
    expect(dataset.inputShape).toEqual([3])
  })

  it('refuses a folder whose tables differ, naming the column', async () => {
    const folder = await folderWith({ 'a.csv': 'x,l\n1,0\n2,1\n', 'b.csv': 'y,l\n1,0\n2,1\n' })
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/b\.csv:1: column 1 is "y", in .*a\.csv "x"/)
    const ragged = await folderWith({ 'a.csv': '1,0\n2,1\n', 'b.csv': '1,2,0\n' })
    await expect(loadDataset({ set: ragged }, 1)).rejects.toThrow(/b\.csv:1: has 3 columns, the first line 2/)
    const twice = await folderWith({ 'a.csv': '1,0\n2,1\n', 'a.csv.gz': '1,0\n2,1\n' })
    await expect(loadDataset({ set: twice }, 1)).rejects.toThrow(/the same table twice/)
  })

  it('reads train.csv and test.csv as parts', async () => {
    const folder = await folderWith({ 'train.csv': '1,a\n2,b\n3,a\n', 'test.csv': '4,b\n' })
    const dataset = await loadDataset({ set: folder }, 1)
    expect(dataset.naturalPeers).toBeUndefined()
    expect(dataset.train.inputs).toEqual(Object.assign(new Float32Array(new SharedArrayBuffer(12)), [1, 2, 3]))
    expect([...dataset.test.labels]).toEqual([1])
  })

  it('throws nothing but HearsayError on hostile bytes', async () => {
    const decode = (bytes: Uint8Array): Promise<void> =>
      onlyHearsayErrors(() => decodeTable([{ path: 'a.csv', bytes: [bytes] }], {}))
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), decode))
    const piece = fc.constantFrom(
      '1',
      '-2.5',
      'abc',
      '?',
      ',',
      ',',
      ';',
      '\t',
      '\n',
      '\r\n',
      '"',
      '""',
      ' ',
      'é',
      '\ufeff',
      '__proto__',
      '1e999',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 60 }), pieces => decode(new TextEncoder().encode(pieces.join('')))),
      { numRuns: 1000 },
    )
  })
})
