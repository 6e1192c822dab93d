import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { answersOf, degrade, loadDataset, loadInputs, sharedLabels, sharedPixels } from '../../src/data/index.js'
import { fixture, folderWith } from './samples.js'

const table =
  'age,colour,sex,price,label\n' +
  ['30,red,0,1.5,yes', '40,blue,1,?,no', '50,green,0,3,yes', '35,red,1,2,no'].join('\n')
const options = { label: 'label', categorical: ['sex'], testShare: 0.5 }

describe('rows for a model of a table', () => {
  it('become the inputs that the training data became, whatever the order of columns', async () => {
    const folder = await folderWith({
      'train.csv': table,
      'rows.csv': 'id,sex,price,colour,age\na,1,2,blue,40\nb,?,,red,50\n',
    })
    const { inputShape, table: reading } = await loadDataset({ set: join(folder, 'train.csv'), ...options }, 1)
    expect(reading).toEqual({
      header: true,
      columns: [
        { name: 'age', kind: 'number' },
        { name: 'colour', kind: 'category', values: ['blue', 'green', 'red'] },
        { name: 'sex', kind: 'category', values: ['0', '1'] },
        { name: 'price', kind: 'number' },
        { name: 'label', kind: 'label' },
      ],
    })
    const { samples, names } = await loadInputs(join(folder, 'rows.csv'), { inputShape, pixels: false, table: reading })
    expect([...samples.inputs]).toEqual([40, 1, 0, 0, 0, 1, 2, 50, 0, 0, 1, NaN, NaN, NaN])
    expect(names).toEqual(['0', '1'])
    expect(samples.inputs.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  it('are told by the place of the columns where there is no header: all of them, or the inputs alone', async () => {
    const folder = await folderWith({
      'train.csv': '1,2,0\n3,4,1\n5,6,0\n7,8,1\n',
      'all.csv': '9,8,1\n',
      'some.csv': '9,8\n',
    })
    const { inputShape, table: reading } = await loadDataset({ set: join(folder, 'train.csv'), testShare: 0.5 }, 1)
    for (const name of ['all.csv', 'some.csv']) {
      const { samples } = await loadInputs(join(folder, name), { inputShape, pixels: false, table: reading! })
      expect([...samples.inputs]).toEqual([9, 8])
    }
  })

  it.each([
    ['a column that is missing', 'age,sex,price\n1,0,2\n', 'there is no column "colour"'],
    ['a category that nobody knows', 'age,colour,sex,price\n1,pink,0,2\n', '"pink" is none of the values'],
    [
      'a text for a number',
      'age,colour,sex,price\nold,red,0,2\n',
      'rows.csv:2: column 1 ("age"): "old" is not a number; leave it empty if it is missing',
    ],
    ['a number beyond float32', 'age,colour,sex,price\n1e300,red,0,2\n', /beyond what float32 holds \(3\.4e38\)$/],
    ['a short line', 'age,colour,sex,price\n1,red,0\n', 'has 3 columns, the first line 4'],
    ['no rows', 'age,colour,sex,price\n', 'has a header but no rows'],
  ])('are refused for %s', async (_, rows, message) => {
    const folder = await folderWith({ 'train.csv': table, 'rows.csv': rows })
    const { inputShape, table: reading } = await loadDataset({ set: join(folder, 'train.csv'), ...options }, 1)
    await expect(loadInputs(join(folder, 'rows.csv'), { inputShape, pixels: false, table: reading! })).rejects.toThrow(
      message,
    )
  })
})

describe('arrays without labels', () => {
  const images = { inputShape: [28, 28, 1], pixels: true }
  it('are the test images of a set that has all', async () => {
    const path = join('data', 'pneumoniamnist', 'pneumoniamnist.npz')
    const { test } = await loadDataset({ set: 'pneumoniamnist' }, 1)
    const { samples } = await loadInputs(path, images)
    expect(samples.size).toBe(624)
    expect(Buffer.from(samples.inputs as Uint8Array).equals(Buffer.from(test.inputs as Uint8Array))).toBe(true)
  })

  it('are IDX images', async () => {
    const { train } = await loadDataset({ set: fixture('idx') }, 1)
    const shape = (await loadDataset({ set: fixture('idx') }, 1)).inputShape
    const { samples } = await loadInputs(join(fixture('idx'), 'train-images-idx3-ubyte.gz'), {
      inputShape: shape,
      pixels: true,
    })
    expect([...samples.inputs]).toEqual([...train.inputs])
  })

  it('must have the shape and the kind of number that the model takes', async () => {
    const path = join('data', 'pneumoniamnist', 'pneumoniamnist.npz')
    await expect(loadInputs(path, { inputShape: [8, 8, 1], pixels: true })).rejects.toThrow('its samples are 28×28×1')
    await expect(loadInputs(path, { ...images, pixels: false })).rejects.toThrow('the model was trained on numbers')
    await expect(loadInputs('nowhere.csv', images)).rejects.toThrow('there is no such file')
    await expect(loadInputs('package.json', images)).rejects.toThrow('is of no known format')
  })
})

describe('images without labels', () => {
  const draw = async (path: string, side: number, grey: number): Promise<void> => {
    await mkdir(dirname(path), { recursive: true })
    await sharp(new Uint8Array(side * side).fill(grey), { raw: { width: side, height: side, channels: 1 } }).toFile(
      path,
    )
  }
  it('are one file, a folder, or folders by class, in the order of their names and in the size of the model', async () => {
    const folder = await folderWith({})
    await draw(join(folder, 'a', '1.png'), 4, 10)
    await draw(join(folder, 'b', '0.png'), 8, 20)
    const wanted = { inputShape: [4, 4, 1], pixels: true }
    const all = await loadInputs(folder, wanted)
    expect(all.names).toEqual([join('a', '1.png'), join('b', '0.png')])
    expect([...all.samples.inputs]).toEqual([...Array(16).fill(10), ...Array(16).fill(20)])
    const one = await loadInputs(join(folder, 'b', '0.png'), { ...wanted, inputShape: [2, 2, 3] })
    expect([one.names, [...one.samples.inputs]]).toEqual([['0.png'], Array(12).fill(20)])
    await expect(loadInputs(folder, { inputShape: [3], pixels: false })).rejects.toThrow(
      'and the model takes 3 numbers',
    )
  })

  it('to be restored are enlarged as in training', async () => {
    const folder = await folderWith({})
    const whole = sharedPixels(256).map((_, i) => (i * 37) % 256)
    // Areas of 2×2, as degrade averages them, and rounded, as an image file has to.
    const small = Uint8Array.from({ length: 64 }, (_, i) => {
      const [y, x] = [2 * Math.floor(i / 8), 2 * (i % 8)]
      return Math.round(
        (whole[16 * y + x]! + whole[16 * y + x + 1]! + whole[16 * y + x + 16]! + whole[16 * y + x + 17]!) / 4,
      )
    })
    await sharp(small, { raw: { width: 8, height: 8, channels: 1 } }).toFile(join(folder, 'small.png'))
    const inputs = new Uint8Array(new SharedArrayBuffer(256))
    inputs.set(whole)
    const seen = degrade({ inputs, labels: sharedLabels(1), size: 1 }, [16, 16, 1], 2)
    const { samples } = await loadInputs(folder, {
      inputShape: [16, 16, 1],
      pixels: true,
      objective: { kind: 'super-resolution', factor: 2 },
    })
    for (const [i, value] of samples.inputs.entries()) expect(Math.abs(value - seen.inputs[i]!)).toBeLessThanOrEqual(1)
  })
})

describe('answers in the inputs', () => {
  it('stand in the column of a table that has them, in whatever place', async () => {
    const folder = await folderWith({
      'train.csv': table,
      'rows.csv': 'label,sex,price,colour,age\nyes,1,2,blue,40\n?,0,1,red,50\nmaybe,0,1,red,50\nno,0,1,red,50\n',
    })
    const { inputShape, table: reading, classes } = await loadDataset({ set: join(folder, 'train.csv'), ...options }, 1)
    const wanted = { inputShape, pixels: false, table: reading, classes }
    const { answers } = await loadInputs(join(folder, 'rows.csv'), wanted)
    expect(classes).toEqual(['no', 'yes'])
    expect(answers).toEqual({ labels: Int32Array.of(1, -1, -1, 0), known: 2, strange: ['maybe'] })
  })

  it('of a table without a header stand in the place where they were in training', async () => {
    const folder = await folderWith({
      'train.csv': '1,2,0\n3,4,1\n5,6,0\n7,8,1\n',
      'all.csv': '9,8,1\n7,7,0.0\n',
      'some.csv': '9,8\n',
    })
    const { inputShape, table: reading } = await loadDataset({ set: join(folder, 'train.csv'), testShare: 0.5 }, 1)
    const wanted = { inputShape, pixels: false, table: reading, classes: ['0', '1'] }
    expect((await loadInputs(join(folder, 'all.csv'), wanted)).answers?.labels).toEqual(Int32Array.of(1, 0))
    expect(await loadInputs(join(folder, 'some.csv'), wanted)).not.toHaveProperty('answers')
  })

  it('that are numbers may have decimal commas', async () => {
    const folder = await folderWith({
      'train.csv': 'age,price\n30,1.5\n40,2\n50,3\n35,2\n',
      'rows.csv': 'age;price\n30,5;1,5\n40;\n',
    })
    const {
      inputShape,
      table: reading,
      objective,
    } = await loadDataset({ set: join(folder, 'train.csv'), target: 'price', testShare: 0.5 }, 1)
    const wanted = { inputShape, pixels: false, table: reading, objective: objective! }
    const { answers } = await loadInputs(join(folder, 'rows.csv'), wanted)
    expect(answers).toEqual({ targets: Float64Array.of(1.5, Number.NaN), known: 1, strange: [] })
  })

  it('that are classes may be written with decimal commas', async () => {
    const rows = '30,5;1,0\n40;0,0\n50,5;1\n35;0,0\n'
    const folder = await folderWith({ 'train.csv': `age;ill\n${rows}${rows}` })
    const { inputShape, table: reading, classes } = await loadDataset({ set: join(folder, 'train.csv') }, 1)
    const wanted = { inputShape, pixels: false, table: reading, classes }
    const { answers } = await loadInputs(join(folder, 'train.csv'), wanted)
    expect(answers).toEqual({ labels: Int32Array.of(1, 0, 1, 0, 1, 0, 1, 0), known: 8, strange: [] })
  })

  it('of images are their folders, where these are classes', async () => {
    const folder = await folderWith({})
    for (const name of ['cat/a.png', 'dog/b.png', 'elsewhere/c.png']) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } }).toFile(join(folder, name))
    }
    const wanted = { inputShape: [2, 2, 3], pixels: true, classes: ['cat', 'dog'] }
    const { names, answers } = await loadInputs(folder, wanted)
    expect(names).toEqual(['cat/a.png', 'dog/b.png', 'elsewhere/c.png'])
    expect(answers).toEqual({ labels: Int32Array.of(0, 1, -1), known: 2, strange: ['elsewhere'] })
    expect(await loadInputs(folder, { ...wanted, classes: ['bird', 'fish'] })).not.toHaveProperty('answers')
    expect(await loadInputs(join(folder, 'cat'), wanted)).not.toHaveProperty('answers')
  })

  it('of arrays are the labels beside them', async () => {
    const { test, inputShape, classes } = await loadDataset({ set: 'pneumoniamnist' }, 1)
    const medical = await loadInputs('data/pneumoniamnist/pneumoniamnist.npz', { inputShape, pixels: true, classes })
    expect(medical.answers).toEqual({ labels: test.labels.slice(), known: 624, strange: [] })
    const idx = await loadDataset({ set: fixture('idx') }, 1)
    const { answers } = await loadInputs(join(fixture('idx'), 'train-images-idx3-ubyte.gz'), {
      inputShape: idx.inputShape,
      pixels: true,
      classes: idx.classes,
    })
    expect(answers!.labels).toEqual(idx.train.labels.slice())
  })

  it('may have other texts than their classes', () => {
    const specs = [
      { name: 'healthy', labels: ['0'] },
      { name: 'ill', labels: ['1', '2'] },
    ]
    const { labels } = answersOf(['0', '2', '1.0', '3'], { kind: 'classification' }, specs)!
    expect(labels).toEqual(Int32Array.of(0, 1, 1, -1))
    expect(answersOf(['', ''], { kind: 'classification' }, specs)).toBeUndefined()
  })
})
