import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DataInput,
  type Dataset,
  fitToTask,
  loadDataset,
  loadForTask,
  type SchemaColumn,
  type Task,
  taskOf,
  taskSchema,
} from '../../src/data/index.js'
import { HearsayError } from '../../src/errors.js'
import { folderWith } from './samples.js'

/** A site's table: its header, and how each row of the run looks there. */
const site = (header: string, rows: readonly string[]): string => [header, ...rows, ''].join('\n')

const starter = site('finish,noise,grade,fault', [
  'amber,1.5,1,yes',
  'blue,2.5,2,no',
  'blue,,1,yes',
  'amber,4.5,,no',
  'blue,5.5,2,yes',
  'amber,6.5,1,no',
])
const options = { label: 'fault', categorical: ['grade'], testShare: 0.4 }

/** The starter's task, and what a table becomes in the run. */
async function agreement(): Promise<{
  task: Task
  read: (text: string, own?: Partial<DataInput>) => Promise<Dataset>
}> {
  const folder = await folderWith({ 'starter.csv': starter })
  const task = taskOf(await loadDataset({ set: join(folder, 'starter.csv'), ...options }, 1))
  return {
    task,
    read: async (text, own = {}) => {
      const site = await folderWith({ 'own.csv': text })
      return loadForTask({ set: join(site, 'own.csv'), ...options, ...own }, task, 1)
    },
  }
}

describe('the task of a run', () => {
  it('holds the columns with their kinds, their categories in order, and the classes', async () => {
    const { task } = await agreement()
    expect(task).toMatchObject({
      inputShape: [5],
      pixels: false,
      classes: ['no', 'yes'],
      header: true,
      columns: [
        { name: 'finish', kind: 'category', values: ['amber', 'blue'] },
        { name: 'noise', kind: 'number' },
        { name: 'grade', kind: 'category', values: ['1', '2'] },
        { name: 'fault', kind: 'label' },
      ],
    })
    expect(taskSchema.parse(task)).toEqual(task)
  })

  const column = (name: string): SchemaColumn => ({ name, kind: 'number' })
  const label: SchemaColumn = { name: 'y', kind: 'label' }
  it.each<[string, unknown, string]>([
    ['two columns of one name', [column('a'), column('a'), label], 'must have different names'],
    ['no label', [column('a'), column('b')], 'one column of kind label or target; has 0'],
    ['two answers', [column('a'), label, { name: 'z', kind: 'target' }], 'has 2'],
    ['no inputs', [label, { name: 'z', kind: 'unused' }], 'kind number or category'],
    ['a name of 1,001 characters', [column('a'.repeat(1001)), label], '1000'],
    ['a category of 1,001', [{ name: 'a', kind: 'category', values: ['b'.repeat(1001)] }, label], '1000'],
    ['a category twice', [{ name: 'a', kind: 'category', values: ['b', 'b'] }, label], 'different'],
    [
      '257 categories',
      [{ name: 'a', kind: 'category', values: Array.from({ length: 257 }, (_, i) => `${i}`) }, label],
      '256',
    ],
    ['65,537 columns', Array.from({ length: 65_537 }, (_, i) => column(`${i}`)), '65536'],
    [
      'more inputs than a table may have columns',
      [
        ...Array.from({ length: 257 }, (_, i) => ({
          name: `${i}`,
          kind: 'category',
          values: Array.from({ length: 256 }, (_, j) => `${j}`),
        })),
        label,
      ],
      'make 65792 inputs',
    ],
  ])('is refused with %s', (_, columns, message) => {
    const { success, error } = taskSchema.safeParse({ classes: ['0', '1'], columns })
    expect(success).toBe(false)
    expect(JSON.stringify(error!.issues)).toContain(message)
  })

  it('is refused where its shape is not what the columns make', () => {
    const columns = [column('a'), label]
    expect(taskSchema.safeParse({ inputShape: [2], classes: ['0', '1'], columns }).error!.issues[0]!.message).toContain(
      'not what the columns make, 1 inputs',
    )
    expect(taskSchema.safeParse({ inputShape: [1], classes: ['0', '1'], columns }).success).toBe(true)
    expect(taskSchema.safeParse({ header: false, classes: ['0', '1'] }).error!.issues[0]!.message).toContain('columns')
  })
})

describe('a table of another site', () => {
  it('becomes the same inputs whatever the order of its columns, and of its rows’ categories', async () => {
    const { read } = await agreement()
    const whole = await read(starter)
    const lines = starter
      .trimEnd()
      .split('\n')
      .map(line => line.split(','))
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), async order => {
        const { train, test, inputShape, table } = await read(
          `${lines.map(cells => order.map(i => cells[i]).join(',')).join('\n')}\n`,
        )
        expect(train).toEqual(whole.train)
        expect(test).toEqual(whole.test)
        expect([inputShape, table]).toEqual([whole.inputShape, whole.table])
      }),
      { numRuns: 24 },
    )
  })

  it('may lack categories and classes of the run, which keep their places', async () => {
    const { read } = await agreement()
    const own = site('noise,fault,grade,finish', ['1,yes,2,blue', '2,yes,2,blue', '3,yes,,blue', '4,yes,2,'])
    const { train, test, classes, notes } = await read(own)
    const rows = [train, test].flatMap(({ inputs, size }) =>
      Array.from({ length: size }, (_, i) => [...inputs.subarray(5 * i, 5 * i + 5)]),
    )
    rows.sort((a, b) => a[2]! - b[2]!)
    expect(rows).toEqual([
      [0, 1, 1, 0, 1],
      [0, 1, 2, 0, 1],
      [0, 1, 3, NaN, NaN],
      [NaN, NaN, 4, 0, 1],
    ])
    expect([classes, [...train.labels, ...test.labels]]).toEqual([
      ['no', 'yes'],
      [1, 1, 1, 1],
    ])
    expect(notes).toContain('no samples of the class "no" of the run')
  })

  it('is the same whether its accents are one character or two', async () => {
    const folder = await folderWith({
      'a.csv': site('finish,ill', ['mat\u00e9,s\u00ed', 'blue,no', 'mat\u00e9,s\u00ed', 'blue,no']),
    })
    const half = { testShare: 0.5, header: true }
    const task = taskOf(await loadDataset({ set: join(folder, 'a.csv'), ...half }, 1))
    const other = await folderWith({
      'b.csv': site('ill,finish', ['si\u0301,mate\u0301', 'no,blue', 'si\u0301,mate\u0301', 'no,blue']),
    })
    const { train, test } = await loadForTask({ set: join(other, 'b.csv'), ...half }, task, 1)
    for (const { inputs, labels, size } of [train, test]) {
      for (let i = 0; i < size; i++) expect(inputs[2 * i + 1]).toBe(labels[i])
    }
    // Folders of images are classes by their names.
    const own = await loadDataset({ set: 'digits' }, 1)
    const classes = own.classes.map(name => `caf\u00e9 ${name}`)
    const macOs = { ...own, classes: classes.map(name => name.normalize('NFD')) }
    expect(fitToTask(macOs, { classes }).train.labels).toEqual(own.train.labels)
  })

  it('may have a column of categories in which nothing is known', async () => {
    const { read } = await agreement()
    const { train } = await read(site('finish,noise,grade,fault', [',1,1,yes', ',2,2,no', ',3,1,yes', ',4,2,no']))
    expect([...train.inputs.subarray(0, 2)]).toEqual([NaN, NaN])
  })

  it('leaves out its other columns with data.columns, its own or the run’s', async () => {
    const { read, task } = await agreement()
    const own = starter.replaceAll('\n', ',7\n').replace('fault,7', 'fault,ward')
    const whole = await read(starter)
    for (const columns of [
      ['noise', 'finish', 'grade', 'fault'],
      [1, 2, 3],
    ]) {
      expect((await read(own, { columns })).train).toEqual(whole.train)
    }
    await expect(read(own)).rejects.toThrow(
      'own.csv: has the column "ward", which the run has not: leave out what is too much with --columns (data.columns)',
    )
    await expect(read(own, { columns: ['noise', 'ward'] })).rejects.toThrow(
      /lacks the columns "finish", "grade" of the run: add what is missing.*; has the column "ward"/,
    )
    expect(task.columns).toHaveLength(4)
  })

  it('may say whose a row is in a column that the run has not', async () => {
    const { read } = await agreement()
    const own = starter.replaceAll('\n', ',7\n').replace('fault,7', 'fault,ward')
    expect((await read(own, { peerColumn: 'ward' })).inputShape).toEqual([5])
    expect((await read(starter, { peerColumn: 'ward' })).inputShape).toEqual([5])
  })

  it.each<[string, string, string | RegExp]>([
    [
      'calls a column otherwise',
      'finish,Noise,grade,fault\nblue,1,1,yes\namber,2,1,no\n',
      'lacks the column "noise" of the run; rename "Noise" if it is "noise": add',
    ],
    ['lacks a column', 'finish,noise,fault\nblue,1,yes\namber,2,no\n', 'lacks the column "grade" of the run'],
    [
      'has other columns',
      'finish,noise,grade,fault,id,age\nblue,1,1,yes,5,6\namber,2,1,no,5,6\n',
      'has the columns "id", "age", which the run has not',
    ],
    [
      'lacks the label',
      'finish,noise,grade,failure\nblue,1,1,yes\namber,2,1,no\n',
      /lacks the column "fault" of the run: add.*; has the column "failure"/,
    ],
    [
      'has categories that nobody knows',
      site('finish,noise,grade,fault', ['clear,1,3,yes', 'milky,2,1,no', 'clear,3,1,no', 'clear,4,1,yes']),
      /column "finish" has the categories "clear", "milky", which the run does not have \("amber", "blue"\): .*data\.categorical.*hearsay data --schema; column "grade" has the category "3"/,
    ],
    [
      'has texts for numbers',
      site('finish,noise,grade,fault', ['blue,low,1,yes', 'blue,high,1,no', 'blue,low,1,yes', 'blue,high,1,no']),
      'column "noise" holds categories ("high", "low") here and numbers in the run',
    ],
    [
      'has another class',
      site('finish,noise,grade,fault', ['blue,1,1,maybe', 'blue,2,1,no', 'blue,3,1,maybe', 'blue,4,1,no']),
      /has the class "maybe", which the run does not have \("no", "yes"\);.*data\.classes/,
    ],
    [
      'has a unit',
      site('finish,noise,grade,fault', ['blue,1 dB,1,yes', 'blue,2 dB,1,no', 'blue,3 dB,1,yes', 'blue,4 dB,1,no']),
      'column "noise" is in "dB" here and without a unit in the run',
    ],
    ['has no header', 'blue,1,1,yes\namber,2,1,no\nblue,3,2,yes\n', 'its first line is no header'],
  ])('is refused where it %s', async (_, text, message) => {
    const { read } = await agreement()
    const refused = read(text)
    await expect(refused).rejects.toThrow(HearsayError)
    await expect(refused).rejects.toThrow(/own\.csv: [^\n]+$/)
    await expect(refused).rejects.toThrow(message)
  })

  it('is refused in few words, however much does not fit', async () => {
    const { read } = await agreement()
    const names = Array.from({ length: 500 }, (_, i) => `${'x'.repeat(300)}\u001b[31m${i}`)
    const text = `finish,noise,grade,fault,${names.join()}\nblue,1,1,yes,${names.map(() => '1').join()}\nblue,1,1,no,${names.map(() => '2').join()}\n`
    const error = await read(text).then(
      () => undefined,
      (error: HearsayError) => error,
    )
    expect(error!.message).toContain('and 492 more')
    expect(error!.message).not.toContain('\u001b')
    expect(error!.message.length).toBeLessThan(1000)
  })
})

describe('the unit of the number to predict', () => {
  const rows = (price: (i: number) => string): string =>
    site(
      'area,price',
      Array.from({ length: 6 }, (_, i) => `${i},${price(i)}`),
    )
  const task = async (text: string, own: Partial<DataInput>): Promise<Task> => {
    const folder = await folderWith({ 'a.csv': text })
    return taskOf(await loadDataset({ set: join(folder, 'a.csv'), target: 'price', ...own }, 1))
  }
  it('is part of what is agreed, as its owner says or as it is written', async () => {
    const agreed = { name: 'price', kind: 'target', unit: '€' }
    expect((await task(rows(String), { unit: '€' })).columns).toContainEqual(agreed)
    expect(
      (
        await task(
          rows(i => `${i} €`),
          {},
        )
      ).columns,
    ).toContainEqual(agreed)
    expect(
      (
        await task(
          rows(i => `${i} €`),
          { unit: '€' },
        )
      ).columns,
    ).toContainEqual(agreed)
  })

  it('is refused where it is another than is written, or of nothing', async () => {
    await expect(
      task(
        rows(i => `${i} €`),
        { unit: '$' },
      ),
    ).rejects.toThrow('is written in €, and data.unit is $')
    await expect(task(rows(String), { target: undefined, unit: '$' })).rejects.toThrow(
      'data.unit: goes with data.target',
    )
    await expect(task(rows(String), { unit: 'x'.repeat(65) })).rejects.toThrow('unit: must be at most 64')
  })

  it('must be the same at whoever joins', async () => {
    const run = await task(rows(String), { unit: '€' })
    const folder = await folderWith({ 'b.csv': rows(i => `${i} $`) })
    const data = { set: join(folder, 'b.csv'), target: 'price' }
    await expect(loadForTask(data, run, 1)).rejects.toThrow('column "price" is in "$" here and in "€" in the run')
  })
})

describe('tables without a header', () => {
  const rows = '1,red,0\n2,blue,1\n3,red,0\n4,blue,1\n5,red,0\n'
  const taskOfRows = async (): Promise<Task> => {
    const folder = await folderWith({ 'a.csv': rows })
    return taskOf(await loadDataset({ set: join(folder, 'a.csv') }, 1))
  }
  it('agree on places', async () => {
    const task = await taskOfRows()
    expect([task.header, task.columns]).toEqual([
      false,
      [
        { name: 'column 1', kind: 'number' },
        { name: 'column 2', kind: 'category', values: ['blue', 'red'] },
        { name: 'column 3', kind: 'label' },
      ],
    ])
    const folder = await folderWith({ 'b.csv': '9,blue,1\n8,blue,0\n7,blue,1\n6,blue,0\n' })
    const { train } = await loadForTask({ set: join(folder, 'b.csv'), testShare: 0.5 }, task, 1)
    expect([...train.inputs.subarray(1, 3)]).toEqual([1, 0])
  })

  it.each([
    [
      'another number of columns',
      '1,1,red,0\n2,2,blue,1\n3,3,red,0\n',
      'has 4 columns; the run, whose tables have no header, needs 3',
    ],
    ['a header', `age,colour,ill\n${rows}`, 'its first line is a header'],
    ['another category', rows.replaceAll('red', 'green'), 'column "column 2" has the category "green"'],
  ])('are refused with %s', async (_, text, message) => {
    const task = await taskOfRows()
    const folder = await folderWith({ 'b.csv': text })
    await expect(loadForTask({ set: join(folder, 'b.csv') }, task, 1)).rejects.toThrow(message)
  })
})

describe('what is no table', () => {
  const digits = { set: 'digits' } as const
  it('is not asked for columns', async () => {
    const { task } = await agreement()
    await expect(loadForTask(digits, task, 1)).rejects.toThrow("digits: its samples are 8×8×1 and the run's 5")
    const folder = await folderWith({ 'table.csv': starter })
    const task64 = taskOf(await loadDataset(digits, 1))
    await expect(loadForTask({ set: join(folder, 'table.csv') }, task64, 1)).rejects.toThrow(
      'its first line is a header',
    )
  })

  it('is fitted to the classes of the run by their names', async () => {
    const own = await loadDataset(digits, 1)
    const classes = [...own.classes].reverse()
    const { train } = fitToTask(own, { classes })
    expect([...train.labels.subarray(0, 50)]).toEqual([...own.train.labels.subarray(0, 50)].map(label => 9 - label))
  })

  it('is refused for another shape, other numbers or another purpose', async () => {
    const own = await loadDataset(digits, 1)
    const task = taskOf(own)
    expect(() => fitToTask(own, { ...task, inputShape: [28, 28, 1] })).toThrow("8×8×1 and the run's 28×28×1")
    expect(() => fitToTask(own, { ...task, pixels: true })).toThrow('its samples are numbers, those of the run pixels')
    expect(() => fitToTask(own, { ...task, classes: ['0', '1'] })).toThrow('has the classes "2", "3"')
    expect(() => fitToTask(own, { ...task, objective: { kind: 'super-resolution', factor: 2 } })).toThrow(
      'is for classification and the run is about super-resolution',
    )
  })
})
