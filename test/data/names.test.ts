import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataInput, type Dataset, loadDataset, loadInputs } from '../../src/data/index.js'
import { columnNames, placesOf } from '../../src/data/read/names.js'
import { folderWith } from './samples.js'

const rows = '1,2,3,no\n4,5,6,yes\n7,8,9,no\n1,5,9,yes\n'

async function load(header: string, options: Omit<DataInput, 'set'> = {}): Promise<Dataset> {
  const folder = await folderWith({ 'a.csv': `${header}\n${rows}` })
  return loadDataset({ set: join(folder, 'a.csv'), testShare: 0.5, ...options }, 1)
}

describe('two columns of one name', () => {
  it.each([
    ['as they are', 'energy,time,energy,label'],
    ['but for blanks', 'energy,time," energy ",label'],
    ['but for a byte order mark', '\ufeffenergy,time,energy,label'],
    ['but for how accents are written', 'e\u0301nergy,time,\u00e9nergy,label'],
    ['of which one is called like one without a name', ',time,column 1,label'],
  ])('are refused, %s', async (_, header) => {
    await expect(load(header)).rejects.toThrow(
      /a\.csv:1: columns 1 and 3 are both called ".+", and columns are found by their names; rename one, or leave it out with --columns 1-2,4 /,
    )
  })

  it('are no matter where one of them is left out, by its number', async () => {
    const { table, inputShape } = await load('energy,time,energy,label', { columns: [1, 2, 4] })
    expect(inputShape).toEqual([2])
    expect(table!.columns.map(({ name }) => name)).toEqual(['energy', 'time', 'label'])
    await expect(load('energy,time,energy,label', { columns: ['energy', 'time', 'label'] })).rejects.toThrow(
      /data\.columns: "energy" is the name of columns 1 and 3; give the number/,
    )
  })

  it.each(['label', 'target', 'peerColumn'] as const)('cannot be told apart in data.%s', async option => {
    await expect(load('energy,time,energy,label', { [option]: 'energy' })).rejects.toThrow(
      new RegExp(`data\\.${option}: "energy" is the name of columns 1 and 3; give the number of the one`),
    )
  })

  it('cannot be told apart in data.categorical', async () => {
    await expect(load('energy,time,energy,label', { categorical: ['energy'] })).rejects.toThrow(
      /data\.categorical: "energy" is the name of columns 1 and 3/,
    )
  })

  it('are refused in rows for a model, where it takes them, and no matter where it does not', async () => {
    const { inputShape, table } = await load('energy,time,heat,label')
    const folder = await folderWith({
      'twice.csv': 'heat,energy,time,energy\n3,1,2,4\n',
      'other.csv': 'note,energy,note,heat,time\n0,1,0,3,2\n',
    })
    const wanted = { inputShape, pixels: false, table }
    await expect(loadInputs(join(folder, 'twice.csv'), wanted)).rejects.toThrow(
      /twice\.csv:1: columns 2 and 4 are both called "energy", which the model was trained with/,
    )
    const { samples } = await loadInputs(join(folder, 'other.csv'), wanted)
    expect([...samples.inputs]).toEqual([1, 2, 3])
  })
})

describe('names of columns', () => {
  it('differ by case, and a slip is told', async () => {
    const { table } = await load('T,t,heat,label')
    expect(table!.columns.map(({ name }) => name)).toEqual(['T', 't', 'heat', 'label'])
    await expect(load('T,t,heat,Label', { label: 'label' })).rejects.toThrow(
      /there is no column "label"; did you mean "Label"\?/,
    )
  })

  it('that are missing are places', async () => {
    const { table } = await load('age,,heat,')
    expect(table!.columns.map(({ name }) => name)).toEqual(['age', 'column 2', 'heat', 'column 4'])
  })

  it('are found again as they were written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }), header => {
        const names = columnNames(header)
        for (const [i, name] of header.entries()) {
          if (name.trim() !== '') expect(placesOf(name, names)).toContain(i)
        }
      }),
    )
  })
})
