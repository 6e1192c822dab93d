import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DataInput, type Dataset, loadDataset } from '../../src/data/index.js'
import { spelledAlike } from '../../src/data/labels.js'
import { disguiseOf } from '../../src/data/read/disguised.js'
import { uniteTasks } from '../../src/data/unite.js'
import { folderWith } from './samples.js'

const load = async (
  files: Readonly<Record<string, readonly string[]>>,
  options: Omit<DataInput, 'set'> = {},
): Promise<Dataset> => {
  const folder = await folderWith(
    Object.fromEntries(Object.entries(files).map(([name, lines]) => [name, `${lines.join('\n')}\n`])),
  )
  const names = Object.keys(files)
  return loadDataset({ set: names.length === 1 ? join(folder, names[0]!) : folder, ...options }, 1)
}

/** Forty rows, made by their number. */
const rows = (make: (i: number) => string): string[] => Array.from({ length: 40 }, (_, i) => make(i))
const yesNo = (i: number): string => (i % 2 ? 'yes' : 'no')
const table = (header: string, make: (i: number) => string): Promise<Dataset> =>
  load({ 'a.csv': [header, ...rows(make)] })

describe('texts that are no categories', () => {
  it.each([
    ['dates', ['3 Jan 2024', '4 Feb 2024']],
    ['dates', ['Jan-24', 'Feb-24']],
    ['dates', ['March 3, 2024', 'April 14, 2024']],
    ['dates', ['3. März 2024', '4. Mai 2024']],
    ['dates', ['Mon 3 Jan', 'Tue 4 Jan']],
    ['dates', ['2024-W05', '2024-W06']],
    ['dates', ['Q1 2024', '2023-Q4']],
    ['durations', ['1h30', '2h05']],
    ['durations', ['1 h 30 min', '12 min 5 s']],
    ['feet and inches', ["5'11", '6\'2"']],
    ['numbers in brackets', ['[1, 2]', '(3)']],
    ['numbers in single quotes', ["'1'", "'2.5'"]],
    ['rough numbers', ['~5', '≈ 6.5']],
    ['numbers with their error', ['5 ± 0.1', '6 +/- 1']],
    ['network addresses', ['10.0.0.1', '192.168.0.7']],
    ['numbers with the same words behind them', ['5 mg/dL (fasting)', '7 mg/dL (fasting)', '8.5 mg/dL (fasting)']],
    ['numbers with underscores', ['1_000', '2_500']],
    ['numbers with their sign behind', ['1.5-', '20-']],
    ['numbers in other digits than 0 to 9', ['１２', '３']],
  ])('are told as %s: %j', (what, texts) => expect(disguiseOf(texts)).toBe(what))

  it.each([
    [['May', 'June']],
    [['Mon', 'Tue']],
    [['10-20', '20-30']],
    [['set 1', 'set 2']],
    [['4wd', 'fwd']],
    [['1+', '2+', '3+']],
    [['<5', '>5']],
    [['type 1', 'type 2', 'type 3']],
    [['a_1', 'a_2']],
  ])('are not seen in %j', texts => expect(disguiseOf(texts)).toBeUndefined())

  it('are noted where they repeat too seldom, and where they are spelled in two ways', async () => {
    const { notes } = await table('id,flag,x,y', i => `p${Math.floor(i / 3)},${['on', 'On'][i % 2]},${i},${yesNo(i)}`)
    expect(notes).toEqual([
      'column 1 ("id"): its 14 different texts in 40 rows are an input each; are they names? then leave it out with --columns 2-4 (data.columns)',
      'column 2 ("flag"): "on" and "On" are two categories; write them alike if they mean the same',
      expect.stringContaining('numbers the rows'),
    ])
  })

  it('numbers that are days, and columns without a value, are noted', async () => {
    const { notes } = await table('when,x,none,y', i => `202401${10 + (i % 20)},${i % 7},,${yesNo(i)}`)
    expect(notes).toEqual([
      expect.stringMatching(/"when"\): its numbers look like dates, as 20240110.*--columns 2-4/),
      'column none: no values here',
    ])
  })
})

describe('numbers that may not be meant as such', () => {
  it.each([
    ['a stop', (i: number) => (i % 5 === 0 ? -999 : i / 100), /-999 in 8 of 40 rows is read as a number/],
    [
      'points of which nothing tells what they are',
      (i: number) => `1.${100 + i}`,
      /the point in numbers like 1\.100 stands before decimals; set --decimal ,/,
    ],
    [
      'numbers too large for 32 bits',
      (i: number) => 10 ** 12 + ((i * 7) % 40),
      /only 1 of 40 values like \d+ differ; subtract/,
    ],
  ])('are noted: %s', async (_, make, note) => {
    const { notes } = await table('x,y', i => `${make(i)},${yesNo(i)}`)
    expect(notes).toEqual([expect.stringMatching(note)])
  })

  it('are no measurements below zero, and no large ones that differ', async () => {
    const { notes } = await table('x,z,y', i => `${((i * 7) % 40) - 999},${i % 3}e9,${yesNo(i)}`)
    expect(notes).toBeUndefined()
  })
})

describe('classes', () => {
  it.each([
    ['Yes', 'yes'],
    ['not sure', 'not-sure'],
    ['TRUE', '1'],
    ['no', 'False'],
  ])('in two spellings are one: %s, %s', (a, b) => expect(spelledAlike(['x', a, b])).toEqual([a, b]))

  it('of single letters have their case where they are an alphabet', () => {
    expect(spelledAlike([...'ABCDEFabcdef'])).toBeUndefined()
    expect(spelledAlike([...'MFmf'])).toEqual(['M', 'm'])
  })

  it('in two spellings are refused, unless they are listed', async () => {
    const make = (i: number): string => `${i % 7},${i},${['no', 'yes', 'No', 'YES'][i % 4]}`
    await expect(table('a,b,y', make)).rejects.toThrow(/"No" and "no" look like one .* data\.classes/)
    const classes = [
      { name: 'no', labels: ['no', 'No'] },
      { name: 'yes', labels: ['yes', 'YES'] },
    ]
    const read = await load({ 'a.csv': ['a,b,y', ...rows(make)] }, { classes })
    expect(read.classes).toEqual(['no', 'yes'])
  })

  it('that two sites spell in two ways are not united', () => {
    const site = (source: string, ...classes: string[]) => ({ source, task: { inputShape: [2], classes } })
    expect(() => uniteTasks([site('a.csv', 'no', 'yes'), site('b.csv', 'No', 'Yes')])).toThrow(
      /^b\.csv: the classes: "no", "No" look like one that a\.csv writes in another way/,
    )
  })

  it('of decimal commas are numbers', async () => {
    const read = await load({ 'a.csv': ['a;b;y', ...rows(i => `${i % 7},5;${i};${['0', '0,0', '1,0', '1'][i % 4]}`)] })
    expect(read.classes).toEqual(['0', '1'])
  })

  it('are asked for where a column before the last is called so', async () => {
    const make = (i: number): string => `${i % 7},${yesNo(i)},${['f', 'm'][i % 2]}`
    await expect(table('age,label,sex', make)).rejects.toThrow(
      /is the class column 2 \("label"\), or the last one, "sex"/,
    )
    const read = await load({ 'a.csv': ['age,label,sex', ...rows(make)] }, { label: 'label' })
    expect(read.classes).toEqual(['no', 'yes'])
  })
})

describe('files of one folder', () => {
  it('have decimals of their own', async () => {
    const points = ['a,b,y', ...rows(i => `-0.${100 + i},${i}.5,${yesNo(i)}`)]
    const commas = ['a;b;y', ...rows(i => `-0,${100 + i};${i},5;${yesNo(i)}`)]
    const { train } = await load({ 'a.csv': points, 'b.csv': commas })
    expect(Math.min(...train.inputs)).toBeGreaterThan(-0.2)
    expect(train.size).toBe(64)
  })

  it('are asked where only another file would tell', async () => {
    const commas = ['a;b;y', ...rows(i => `1,5;${i};${yesNo(i)}`)]
    const unclear = ['a;b;y', ...rows(i => `1.${100 + i};${i};${yesNo(i)}`)]
    await expect(load({ 'a.csv': commas, 'b.csv': unclear })).rejects.toThrow(
      /b\.csv:2: "1\.100" may have three decimals/,
    )
  })

  it('have no thousands that begin with 0', async () => {
    // The table is judged by its first 1,000 lines.
    const lines = Array.from({ length: 1001 }, (_, i) => `${i === 1000 ? '"0,891"' : '1.5'},${i},${yesNo(i)}`)
    await expect(load({ 'a.csv': ['a,b,y', ...lines] })).rejects.toThrow(/a\.csv:1002: .*"0,891" is not a number/)
  })
})

describe('what lies beside the tables of a folder', () => {
  it('is told, by kinds', async () => {
    const lines = ['a,b,y', ...rows(i => `${i % 7},${i % 5},${yesNo(i)}`)]
    const { notes } = await load({ 'a.csv': lines, 'b.csv': lines, 'c.xlsx': ['PK'], 'notes.txt': ['x'] })
    expect(notes).toEqual([
      '2 of 4 files passed over (1 .txt, 1 .xlsx); in folders tables are read from .csv, .tsv, .data (also .gz)',
    ])
  })
})

describe('lines above a table', () => {
  it.each([
    ['a title', ['Plant 7', 'a,b,y'], /a\.csv:1: has 1 column, and the lines beneath 3; is it a title\?/],
    ['a title with separators', ['Plant 7,,', 'a,b,y'], /a\.csv:2: has names above numbers/],
    ['units', ['a,b,y', 'mm,kg,-'], /a\.csv:2: has names above numbers/],
  ])('are no rows: %s', async (_, above, error) => {
    await expect(load({ 'a.csv': [...above, ...rows(i => `${i % 7},${i},${yesNo(i)}`)] })).rejects.toThrow(error)
  })

  it('may end otherwise than those beneath', async () => {
    const lines = rows(i => `${i}.5,${i % 7},${yesNo(i)}`)
    const folder = await folderWith({ 'a.csv': `a,b,y\r\n${lines.join('\n')}\r${lines.join('\r\n')}` })
    const { train, test } = await loadDataset({ set: join(folder, 'a.csv') }, 1)
    expect(train.size + test.size).toBe(80)
  })

  it.each(['a;b;y', 'a;y'])('that tell the separator are passed over: %s', async header => {
    const width = header.split(';').length
    const make = (i: number): string => [`${i},5`, `${i}`, yesNo(i)].slice(3 - width).join(';')
    const { train, notes } = await load({ 'a.csv': ['sep=;', header, ...rows(make)] })
    expect(train.size).toBe(32)
    expect(notes).toContain('a line of comment passed over')
  })
})

describe('what is called .csv', () => {
  it.each([
    ['a quote within a cell', '1,5" pipe,yes', /a\.csv:4: a quote stands within a cell/],
    ['a quote that is closed too early', '1,"a"b,yes', /a\.csv:4: a quote stands within a cell/],
  ])('is told in a sentence of ours: %s', async (_, line, error) => {
    await expect(load({ 'a.csv': ['a,b,y', '1,c,no', '2,c,yes', line] })).rejects.toThrow(error)
  })

  it.each([
    ['gzip', [0x1f, 0x8b, 8, 0], /is compressed; call it \.csv\.gz/],
    ['a spreadsheet', [0x50, 0x4b, 3, 4, 0], /is an archive, as of spreadsheets/],
  ])('and is %s', async (_, bytes, error) => {
    const folder = await folderWith({ 'a.csv': Uint8Array.from(bytes) })
    await expect(loadDataset({ set: join(folder, 'a.csv') }, 1)).rejects.toThrow(error)
  })
})
