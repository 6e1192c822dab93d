import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataInput, type Dataset, loadDataset, loadInputs } from '../../src/data/index.js'
import { dataLimits } from '../../src/data/limits.js'
import { type Decimal, numberOf, quantityOf } from '../../src/data/read/notation.js'
import { readTables } from '../../src/data/read/tables.js'
import type { Source } from '../../src/data/source.js'
import { fitToTask, taskOf } from '../../src/data/task.js'
import { folderWith } from './samples.js'

async function read(lines: readonly string[] | Uint8Array, options: Omit<DataInput, 'set'> = {}): Promise<Source> {
  const folder = await folderWith({ 'a.csv': lines instanceof Uint8Array ? lines : `${lines.join('\n')}\n` })
  return readTables(join(folder, 'a.csv'), options, dataLimits)
}

async function load(lines: readonly string[], options: Omit<DataInput, 'set'> = {}): Promise<Dataset> {
  const folder = await folderWith({ 'a.csv': `${lines.join('\n')}\n` })
  return loadDataset({ set: join(folder, 'a.csv'), ...options }, 1)
}

const inputs = async (lines: readonly string[], options: Omit<DataInput, 'set'> = {}): Promise<number[]> => [
  ...(await read(lines, options)).train.inputs,
]

describe('separators', () => {
  it.each([
    ['a comma', ['1.5,2,no', '3,4,yes', '5,6,no']],
    ['a semicolon', ['1.5;2;no', '3;4;yes', '5;6;no']],
    ['a tab', ['1.5\t2\tno', '3\t4\tyes', '5\t6\tno']],
    ['a bar', ['1.5|2|no', '3|4|yes', '5|6|no']],
    ['runs of blanks', ['1.5   2 no', '3    4\tyes', ' 5 6    no ']],
    ['a semicolon, with decimal commas', ['1,5;2,0;no', '3,0;4,0;yes', '5,0;6,0;no']],
    ['a tab, with decimal commas', ['1,5\t2,0\tno', '3,0\t4,0\tyes', '5,0\t6,0\tno']],
    ['blanks, with decimal commas', ['1,5  2,0 no', '3,0  4,0 yes', '5,0  6,0 no']],
    ['a comma, with decimal commas in quotes', ['"1,5","2,0",no', '"3,0","4,0",yes', '"5,0","6,0",no']],
    ['one that ends every line', ['1.5,2,no,', '3,4,yes,', '5,6,no,']],
    ['one behind comment', ['# of "two" wards, in mg', '# and of none', '1.5,2,no', '3,4,yes', '5,6,no']],
    ['one, with line ends of other systems', ['1.5;2;no\r', '3;4;yes\r', '5;6;no\r']],
  ])('are found: %s', async (_, lines) => {
    const source = await read(lines)
    expect([...source.train.inputs]).toEqual([1.5, 2, 3, 4, 5, 6])
    expect(source.labelTexts).toEqual(['no', 'yes'])
  })

  it('are none within quotes, where lines would split alike', async () => {
    const { table, inputShape } = await read(['"a;b";1;x', '"c;d";2;y', '"a;b";3;x', '"c;d";4;y'])
    expect(inputShape).toEqual([3])
    expect(table!.columns[0]).toEqual({ name: 'column 1', kind: 'category', values: ['a;b', 'c;d'] })
  })

  it('of blanks with names in quotes, behind a tab', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${i}.5   8   ${i % 3}.0\t"maker ${i % 2}"`)
    const { labelTexts, inputShape } = await read(lines)
    expect([labelTexts, inputShape]).toEqual([['maker 0', 'maker 1'], [3]])
  })

  it('are told of lines that they split differently', async () => {
    await expect(read(['a,b,c', '1,2,0', '3,4,1,7', '5,6,0'])).rejects.toThrow(
      /a\.csv:3: has 4 columns, .* lack the name/,
    )
    await expect(read(['1,2,0', '3,4', '5,6,0'])).rejects.toThrow(/a\.csv:2: has 2 columns/)
    await expect(read(['a,b', '1,0', '3,1,'])).rejects.toThrow(/a\.csv:3: .* a separator too many/)
    const blanks = Array.from({ length: 150 }, (_, i) => `${i} ${i % 3}.5 "${i % 2}"`)
    await expect(read([...blanks, '3 4 "y'])).rejects.toThrow(/a\.csv:151: a quote is opened and never closed/)
  })

  it('comment before them is told, and lines are counted with it', async () => {
    const rows = ['# one', '# two', 'x,l', '1,0', '2,1', '3,0', '4,1', '5,0', '6,1']
    expect((await load(rows)).notes).toEqual(['2 lines of comment passed over'])
    await expect(load([...rows, 'old,1'])).rejects.toThrow(/a\.csv:10: column 1 \("x"\): "old" is not a number/)
    const marked = await read(['#id,x,l', '1,2,0', '2,4,1', '2,6,0'])
    expect(marked.table!.columns[0]!.name).toBe('#id')
  })
})

describe('texts that are no UTF-8', () => {
  const utf16 = (mark: number[], text: string): Uint8Array => Buffer.from([...mark, ...Buffer.from(text, 'utf16le')])
  it.each([
    ['UTF-16 with its mark', utf16([0xff, 0xfe], '1,0\n2,1\n'), /is UTF-16 text; save it as UTF-8/],
    ['UTF-16 without', utf16([], '1,0\n2,1\n'), /is UTF-16 text; save it as UTF-8/],
    ['Latin-1', Buffer.from('caf\xe9,0\nth\xe9,1\n', 'latin1'), /another encoding than UTF-8/],
  ])('are refused by name: %s', async (_, bytes, says) => {
    await expect(read(bytes)).rejects.toThrow(says)
  })

  it('but a mark of UTF-8 is none of the first name', async () => {
    expect((await read(['\ufeffx,l', '1,0', '2,1'])).table!.columns[0]!.name).toBe('x')
  })
})

describe('numbers', () => {
  it.each([
    ['decimal commas', ['1,5', '-0,25', ',5'], [1.5, -0.25, 0.5]],
    ['decimal commas after thousands', ['1.234,5', '12.345.678,0', '0,5'], [1234.5, 12345678, 0.5]],
    ['commas between thousands', ['1,234.5', '12,345,678', '0.5'], [1234.5, 12345678, 0.5]],
    ['blanks between thousands', ['1 234,5', '12\u00a0345\u00a0678', '3'], [1234.5, 12345678, 3]],
    ['apostrophes between thousands', ["1'234.5", '12’345’678', '3'], [1234.5, 12345678, 3]],
    ['lakhs', ['1,23,456.5', '12,34,567', '0.5'], [123456.5, 1234567, 0.5]],
    ['one number that tells what the others mean', ['1,234', '5,678', '0,5'], [1.234, 5.678, 0.5]],
    ['percent', ['12 %', '12.5%', '-3 %'], [12, 12.5, -3]],
    ['a currency before', ['$1,234.50', '-$5', '$ 0.5'], [1234.5, -5, 0.5]],
    ['a currency behind', ['1.234,50 €', '-5 €', '0,5€'], [1234.5, -5, 0.5]],
    ['a currency by its code', ['CHF 5.5', 'CHF 1', 'CHF -2'], [5.5, 1, -2]],
    ['a unit', ['5 mg/dl', '7.5 mg/dl', '0 mg/dl'], [5, 7.5, 0]],
    ['powers of ten', ['1e3', '2.5E-1', '-1e+2'], [1000, 0.25, -100]],
    ['a minus of typesetters', ['−1', '2', '−3'], [-1, 2, -3]],
    ['values that are missing', ['-', '2', 'None'], [NaN, 2, NaN]],
    ['values that spreadsheets could not compute', ['#N/A', '2', 'null'], [NaN, 2, NaN]],
    ['quotes around them', ['"1"', '" 2 "', '"3.5"'], [1, 2, 3.5]],
  ])('are read with %s', async (_, cells, numbers) => {
    const rows = cells.map((cell, i) => `${cell};${i % 2}`)
    const read = await inputs(['x;label', ...rows])
    expect(read.map(Math.fround)).toEqual(numbers.map(Math.fround))
  })

  it.each([
    [
      'a comma that may be either',
      ['1,234', '5,678', '7'],
      /a\.csv:2: "1,234" may have three decimals or be more than a thousand; choose with --decimal/,
    ],
    [
      'both marks before decimals',
      ['1,5', '2.25', '3'],
      /a\.csv:2: "1,5" has its decimals after a comma, and "2\.25" \(.*a\.csv:3\) after a point/,
    ],
    ['two units', ['5 kg', '7 lb', '3 kg'], /a\.csv:3: column 1 \("x"\): "7 lb" is in lb, and other lines are in kg/],
    ['percent beside shares', ['0.5', '50 %', '3'], /a\.csv:3: .*"50 %" is in %, and other lines are without a unit/],
    ['two currencies', ['$5', '€5', '$3'], /"€5" is in €, and other lines are in \$/],
    ['a text', ['5', '6', 'many'], /a\.csv:4: column 1 \("x"\): "many" is not a number, but other lines have numbers/],
    ['a text among units', ['5 kg', '6 kg', 'many'], /"many" is not a number, but other lines have numbers/],
    ['infinity', ['5', '6', 'Infinity'], /"Infinity" is not a number/],
    ['what is beyond every number', ['5', '6', '1e999'], /a\.csv:4: .*"1e999" is beyond every number/],
    ['hexadecimal numbers', ['0x1F', '0x2A', '0x1F'], /column 1 \("x"\) holds hexadecimal numbers, like "0x1F"/],
    [
      'dates',
      ['2024-01-05', '2024-01-06', '2024-01-05'],
      /column 1 \("x"\) holds dates, like "2024-01-05", which are no categories; leave it out with --columns 2 \(data\.columns\), or list it/,
    ],
    ['dates of other countries', ['05.01.2024', '06.01.2024', '06.01.2024'], /holds dates/],
    ['dates with a time', ['2024-01-05T10:00:00Z', '2024-01-06 11:00', '2024-01-05'], /holds dates/],
    ['times', ['10:30', '11:45', '10:30'], /holds times/],
    ['numbers in brackets', ['(5)', '(6)', '(5)'], /holds numbers in brackets/],
    ['two numbers in a cell', ['120/80', '130/90', '120/80'], /holds two numbers each/],
  ])('are refused with %s', async (_, cells, says) => {
    const rows = cells.map((cell, i) => `${cell};${i % 2}`)
    await expect(read(['x;label', ...rows])).rejects.toThrow(says)
  })

  it('are read as --decimal says, where they do not tell', async () => {
    const lines = ['x;label', '1,234;0', '5,678;1']
    expect(await inputs(lines, { decimal: '.' })).toEqual([1234, 5678])
    expect((await inputs(lines, { decimal: ',' })).map(x => x.toFixed(3))).toEqual(['1.234', '5.678'])
  })

  it('far down in a long table are read by the same notation, or refused', async () => {
    const rows = Array.from({ length: 1500 }, (_, i) => `${i % 7};${i % 2}`)
    await expect(read(['x;l', ...rows, '1,5;0'])).rejects.toThrow(
      /a\.csv:1502: .*"1,5" may have decimals after its comma/,
    )
    await expect(read(['x;l', ...rows, 'many;0'])).rejects.toThrow(/a\.csv:1502: .*"many" is not a number/)
    await expect(read(['x;l', '0,5;1', ...rows, '1.5;0'])).rejects.toThrow(/a\.csv:1503: .*decimals come after ","/)
    await expect(read(['x;l', ...rows, '5 %;0'])).rejects.toThrow(/a\.csv:1502: .*"5 %" is in %/)
    const [last] = (await inputs(['x;l', '0,5;1', ...rows, '1.234,5;0'])).slice(-1)
    expect(last).toBe(1234.5)
  })

  it('that begin with 0, or number the rows, are told', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${i},0${(i * 7) % 30},${i % 2}`)
    expect((await load(['id,zip,l', ...rows])).notes).toEqual([
      'column 1 ("id") numbers the rows and is an input all the same; leave it out with --columns 2-3 (data.columns)',
      'column 2 ("zip"): numbers that begin with 0, like 00, are read as numbers; list the column under data.categorical if they are codes',
    ])
  })

  it('come back from every notation as they were', () => {
    const group = fc.constantFrom('', ',', '.', ' ', "'", '\u00a0')
    const unit = fc.constantFrom('', ' %', ' kg', '€')
    fc.assert(
      fc.property(
        fc.integer({ min: -1e12, max: 1e12 }),
        fc.nat(999),
        fc.constantFrom<Decimal>('.', ','),
        group,
        unit,
        (whole, fraction, decimal, mark, unit) => {
          fc.pre(mark !== decimal)
          const digits = `${Math.abs(whole)}`.replace(/\B(?=(\d{3})+$)/g, mark)
          const cell = `${whole < 0 ? '-' : ''}${digits}${decimal}${fraction}${unit}`
          const found = quantityOf(cell)
          expect(found?.unit).toBe(unit.trim())
          expect(numberOf(found!.digits, decimal)).toBe(Number(`${whole}.${fraction}`))
        },
      ),
    )
    fc.assert(
      fc.property(fc.string(), text => {
        const found = quantityOf(text)
        if (found !== undefined) expect(Number.isNaN(numberOf(found.digits, '.') ?? 0)).toBe(false)
      }),
    )
  })
})

describe('categories', () => {
  it('are texts that repeat, though numbers stand in them', async () => {
    const rows = ['4wd,1st', 'fwd,2nd', '4wd,3rd', 'rwd,10-20', 'fwd,<5', '4wd,A1', 'rwd,None']
    const { table } = await read(['drive,size,l', ...rows.map((row, i) => `${row},${i % 2}`)])
    expect(table!.columns).toEqual([
      { name: 'drive', kind: 'category', values: ['4wd', 'fwd', 'rwd'] },
      { name: 'size', kind: 'category', values: ['10-20', '1st', '2nd', '3rd', '<5', 'A1', 'None'] },
      { name: 'l', kind: 'label' },
    ])
  })

  it('are none of a text that is another in nearly every row', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `person ${i},${i % 5},${i % 2}`)
    await expect(read(['name,x,l', ...rows])).rejects.toThrow(
      /column 1 \("name"\) has another text in nearly every row, like "person 0", so it is no category; leave it out with --columns 2-3 \(data\.columns\), or list it under data\.categorical/,
    )
    expect((await read(['name,x,l', ...rows], { columns: ['x', 'l'] })).inputShape).toEqual([1])
    expect((await read(['name,x,l', ...rows], { categorical: ['name'] })).inputShape).toEqual([31])
  })
})

describe('classes', () => {
  const rows = (count: number, label: (i: number) => unknown): string[] => [
    'x,y',
    ...Array.from({ length: count }, (_, i) => `${i % 9},${label(i)}`),
  ]
  it.each([
    [
      'numbers with decimals',
      rows(300, i => ((i * 7) % 50) / 4),
      /its 50 different numbers are no classes; to predict the number set --target y/,
    ],
    ['as many numbers as rows', rows(60, i => i * 1000), /its 60 different numbers are no classes; .*--target y/],
    [
      'names',
      rows(60, i => `person ${i}`),
      /nearly every row has another class, like "person 0"; name the column of the class with --label/,
    ],
  ])('are not %s', async (_, lines, says) => {
    await expect(read(lines)).rejects.toThrow(says)
  })

  it('may be whole numbers, which is told where they are many', async () => {
    expect((await load(rows(300, i => i % 26))).notes).toBeUndefined()
    expect((await load(rows(600, i => i % 60))).notes?.[0]).toMatch(
      /its 60 different numbers are a class each; to predict/,
    )
    const classes = Array.from({ length: 60 }, (_, i) => String(i))
    const listed = await read(
      rows(60, i => i),
      { classes },
    )
    expect(listed.labelTexts).toHaveLength(60)
  })
})

describe('units', () => {
  it('are part of what peers agree on', async () => {
    const table = (unit: string): string[] => [
      'price,y',
      ...Array.from({ length: 20 }, (_, i) => `${i % 7} ${unit},${i * 1.5} ${unit}`),
    ]
    const own = await load(table('€'), { target: 'y' })
    expect(() => fitToTask(own, taskOf(own))).not.toThrow()
    const { columns } = taskOf(await load(table('$'), { target: 'y' }))
    expect(() => fitToTask(own, { columns })).toThrow(
      /column "price" is in "€" here and in "\$" in the run: convert it, and write it so; column "y" is in "€"/,
    )
  })
})

describe('rows for a model', () => {
  it('are read in their own notation and in the unit of training', async () => {
    const { inputShape, table } = await load(['price,share,l', ...[1, 2, 3, 4].map(i => `$${i}.5,${i} %,${i % 2}`)], {
      testShare: 0.5,
    })
    expect(table!.columns).toEqual([
      { name: 'price', kind: 'number', unit: '$' },
      { name: 'share', kind: 'number', unit: '%' },
      { name: 'l', kind: 'label' },
    ])
    const folder = await folderWith({
      'german.csv': 'price;share\n$ 1.234,5;12,5 %\n',
      'other.csv': 'price;share\n1;2 %\n',
      'unclear.csv': 'price;share\n$ 1,234;2 %\n',
    })
    const wanted = { inputShape, pixels: false, table }
    expect([...(await loadInputs(join(folder, 'german.csv'), wanted)).samples.inputs]).toEqual([1234.5, 12.5])
    await expect(loadInputs(join(folder, 'other.csv'), wanted)).rejects.toThrow(
      '"1" is without a unit, and what the model was trained with in $; write it so',
    )
    await expect(loadInputs(join(folder, 'unclear.csv'), wanted)).rejects.toThrow('choose with --decimal')
    const told = await loadInputs(join(folder, 'unclear.csv'), wanted, { decimal: '.' })
    expect([...told.samples.inputs]).toEqual([1234, 2])
  })
})
