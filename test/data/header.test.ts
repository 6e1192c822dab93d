import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DataInput, type Dataset, loadDataset, loadInputs } from '../../src/data/index.js'
import { firstLineOf } from '../../src/data/read/header.js'
import { folderWith } from './samples.js'

const split = (lines: readonly string[]): string[][] => lines.map(line => line.split(','))

/** Rows of numbers with decimals and a class. */
const measured = Array.from({ length: 30 }, (_, i) => [i * 0.5 + 0.25, (i % 7) - 3.125, i % 2].join(','))
const named = measured.map(row => row.replace(/0$/, 'no').replace(/1$/, 'yes'))
const whole = Array.from({ length: 30 }, (_, i) => [(i * 7) % 11, i % 5, (i * 3) % 4, i % 2].join(','))
const texts = Array.from({ length: 30 }, (_, i) => [`c${i % 3}`, `s${i % 4}`, i % 2 === 0 ? 'no' : 'yes'].join(','))

describe('the first line', () => {
  it.each([
    ['names', 'x,y,label', measured],
    ['names above texts', 'colour,size,label', texts],
    ['numbers, and a name for the label', '0,1,label', measured],
    ['numbers, and a name for the label of texts', '0,1,label', named],
    ['numbers alone', '0,1,2', measured],
    ['numbers from 1', '1,2,3', measured],
    ['years', '2019,2020,2021', measured],
    ['an empty name', ',x,label', measured],
    ['names with numbers and units in them', 'v1,age (years),30d', measured],
  ])('is a header: %s', (_, line, rows) => {
    expect(firstLineOf(line.split(','), split(rows))).toBe('header')
  })

  it.each([
    ['numbers', '0.5,1.5,1', measured],
    ['numbers and a class', '0.5,1.5,yes', named],
    ['whole numbers', '3,1,2,0', whole],
    ['texts that others have', 'c1,s2,yes', texts],
    ['texts of which one is rare', 'c9,s2,yes', texts],
    ['a missing value', '0.5,?,1', measured],
    ['a value that is missing among numbers', '-,2.5,1', measured],
    ['a number with the unit of the others', '3 cm,0.5,1', ['4 cm,0.1,0', '5 cm,0.2,1', '6 cm,0.3,0']],
  ])('is a sample: %s', (_, line, rows) => {
    expect(firstLineOf(line.split(','), split(rows))).toBe('sample')
  })

  it.each([
    ['a text above numbers beside other numbers', 'old,1.5,1', measured, 'has "old" above numbers'],
    ['a text above numbers beside a known class', 'old,1.5,yes', named, 'has "old" above numbers'],
    ['whole numbers one after another above others', '1,2,3,4', whole, 'counts its columns'],
    ['texts above few texts', 'a,b,c', ['d,e,f', 'd,e,g'], 'has texts only'],
    ['texts above texts that do not repeat', 'a,b', ['c,d', 'e,f'], 'has texts only'],
    ['texts and nothing else', 'a,b', [], 'is the only one'],
  ])('is unclear: %s', (_, line, rows, why) => {
    expect(firstLineOf(line.split(','), split(rows))).toEqual({ unclear: expect.stringContaining(why) })
  })
})

describe('a table whose first line is unclear', () => {
  const load = async (lines: readonly string[], options: Omit<DataInput, 'set'> = {}): Promise<Dataset> => {
    const folder = await folderWith({ 'a.csv': `${lines.join('\n')}\n` })
    return loadDataset({ set: join(folder, 'a.csv'), ...options }, 1)
  }

  it('is asked about, and read as it is told', async () => {
    const lines = ['1,2,3,4', ...whole]
    await expect(load(lines)).rejects.toThrow(
      /a\.csv:1: is this line a header or a sample\? It counts its columns, .*; add --header or --no-header \(data\.header\)/,
    )
    const told = await load(lines, { header: true })
    expect([told.classes, told.train.size + told.test.size]).toEqual([['0', '1'], 30])
    const sample = await load(lines, { header: false })
    expect([sample.classes, sample.train.size + sample.test.size]).toEqual([['0', '1', '4'], 31])
  })

  it.each([
    ['a class', ['5,7,0,label', ...whole]],
    ['a number', ['5,7,0,3', ...whole]],
  ])('is an error where %s is only there', async (_, lines) => {
    await expect(load(lines)).rejects.toThrow(/a\.csv:1: .*(header|sample).*--header or --no-header/)
  })

  it('is told by the rows for a model too, whose header was none in training', async () => {
    const { inputShape, table } = await load(measured)
    const folder = await folderWith({ 'rows.csv': `0,1,2\n${measured.join('\n')}\n`, 'one.csv': 'x,y\n' })
    const wanted = { inputShape, pixels: false, table }
    expect((await loadInputs(join(folder, 'rows.csv'), wanted)).samples.size).toBe(30)
    expect((await loadInputs(join(folder, 'rows.csv'), wanted, { header: false })).samples.size).toBe(31)
    await expect(loadInputs(join(folder, 'one.csv'), wanted)).rejects.toThrow('is the only one')
  })

  it('of a model that was trained with a header may have none, when that is said', async () => {
    const { inputShape, table } = await load(['x,y,label', ...measured])
    const folder = await folderWith({ 'rows.csv': `${measured.join('\n')}\n` })
    const wanted = { inputShape, pixels: false, table }
    await expect(loadInputs(join(folder, 'rows.csv'), wanted)).rejects.toThrow('there is no column "x"')
    expect((await loadInputs(join(folder, 'rows.csv'), wanted, { header: false })).samples.size).toBe(30)
  })
})
