import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepSamples, takeSamples } from '../../src/data/dataset.js'
import {
  type DataInput,
  dataSchema,
  loadDataset,
  partition,
  partitionSchema,
  shippedSets,
} from '../../src/data/index.js'
import { fileError } from '../../src/data/read/file.js'
import { HearsayError } from '../../src/errors.js'
import { validate } from '../../src/validation.js'
import { fixture, folderWith } from './samples.js'

function counts(labels: Int32Array, classes: number): number[] {
  const count = new Array<number>(classes).fill(0)
  for (const label of labels) count[label]!++
  return count
}

describe('shipped sets', () => {
  it('PneumoniaMNIST has the official counts', async () => {
    const dataset = await loadDataset({ set: 'pneumoniamnist' }, 1)
    expect(dataset.classes).toEqual(['normal', 'pneumonia'])
    expect(dataset.inputShape).toEqual([28, 28, 1])
    expect(counts(dataset.train.labels, 2)).toEqual([1214, 3494])
    expect(counts(dataset.validation!.labels, 2)).toEqual([135, 389])
    expect(counts(dataset.test.labels, 2)).toEqual([234, 390])
    expect(dataset.train.inputs).toBeInstanceOf(Uint8Array)
  })

  it('Heart Disease has four hospitals, two classes, missing values', async () => {
    const dataset = await loadDataset({ set: 'heart-disease' }, 1)
    expect(dataset.naturalPeers?.names).toEqual(['cleveland', 'hungarian', 'switzerland', 'va'])
    expect(dataset.classes).toEqual(['healthy', 'disease'])
    expect(dataset.inputShape).toEqual([13])
    const { ofTrain, ofTest } = dataset.naturalPeers!
    const [train, test] = [counts(Int32Array.from(ofTrain), 4), counts(Int32Array.from(ofTest!), 4)]
    expect(train.map((count, peer) => count + test[peer]!)).toEqual([303, 294, 123, 200])
    expect(test.reduce((sum, count) => sum + count, 0)).toBe(184)
    // At UCI 509 of the 920 are ill.
    expect(counts(dataset.train.labels, 2)[1]! + counts(dataset.test.labels, 2)[1]!).toBe(509)
    expect(dataset.train.inputs.some(Number.isNaN)).toBe(true)
  })

  it('no hospital sees another one blow up: what is constant at one is 0 there', async () => {
    const dataset = await loadDataset({ set: 'heart-disease' }, 1)
    for (const { standardisation } of partition(dataset, { kind: 'natural' }, 4, 1)) {
      const { mean, std } = standardisation
      const seen = dataset.test.inputs.map((value, i) => Math.abs((value - mean[i % 13]!) / std[i % 13]!))
      expect(seen.filter(value => value > 10)).toHaveLength(0)
    }
  })

  it('digits are 1,797 images of 8×8', async () => {
    const dataset = await loadDataset({ set: 'digits' }, 1)
    expect(dataset.inputShape).toEqual([8, 8, 1])
    expect(dataset.train.size + dataset.test.size).toBe(1797)
    expect(dataset.classes).toHaveLength(10)
  })

  it('every set is dealt by its default partition', async () => {
    for (const [name, set] of Object.entries(shippedSets)) {
      expect(partition(await loadDataset({ set: name }, 1), set.partition, 4, 1)).toHaveLength(4)
    }
  })

  it('every set has a title that leaves room for name and licence in 80 columns', () => {
    for (const { title } of Object.values(shippedSets)) expect(title.length).toBeLessThanOrEqual(48)
  })

  it('the files are those whose checksums data/README.md gives', () => {
    const data = new URL('../../data/', import.meta.url)
    const lines = readFileSync(new URL('README.md', data), 'utf8').match(/^[0-9a-f]{64} {2}\S+$/gm)!
    expect(lines).toHaveLength(6)
    for (const line of lines) {
      const [checksum, file] = line.split('  ')
      const path = fileURLToPath(new URL(file!, data))
      expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(checksum)
    }
  })
})

describe('loadDataset', () => {
  it('reads the same twice and holds back others for another seed', async () => {
    const [a, b, c] = [
      await loadDataset({ set: 'digits' }, 1),
      await loadDataset({ set: 'digits' }, 1),
      await loadDataset({ set: 'digits' }, 2),
    ]
    expect(a.test).toEqual(b.test)
    expect(a.test.inputs).not.toEqual(c.test.inputs)
  })

  it.each([
    [
      'a misspelt set',
      { set: 'pneumonia' },
      /data "pneumonia": is neither a shipped set \(pneumoniamnist, .*\) nor a file/,
    ],
    ['an unknown format', { set: fixture('make.py') }, /make\.py: is of no known format; known are \.npz/],
    [
      'an option of tables for images',
      { set: 'pneumoniamnist', label: 3 },
      /data\.label: does not apply to arrays of images/,
    ],
    ['an option of images for tables', { set: 'digits', imageSize: 8 }, /data\.imageSize: does not apply to a table/],
    ['an unknown option', { set: 'digits', lable: 3 }, /data: unknown field "lable"/],
    ['a test share of 1', { set: 'digits', testShare: 1 }, /data: testShare: must be at most 0\.9/],
    ['fixed numbers for other channels', { set: 'digits', standardise: { mean: [0, 1], std: [1, 1] } }, undefined],
  ] as [string, DataInput, RegExp | undefined][])('refuses %s', async (_, data, message) => {
    const deal = async (): Promise<unknown> => partition(await loadDataset(data, 1), { kind: 'iid' }, 2, 1)
    await expect(deal()).rejects.toThrow(
      message ?? /data\.standardise\.mean: has 2 numbers; digits needs 1, one per channel/,
    )
  })

  it('refuses an empty folder', async () => {
    await expect(loadDataset({ set: await folderWith({}) }, 1)).rejects.toThrow(/is empty; known are/)
    await expect(loadDataset({ set: await folderWith({ 'a.txt': '' }) }, 1)).rejects.toThrow(
      /has no folders; each class/,
    )
  })

  it.each([
    ['EACCES', /a\.csv: this user may not read and write there \(EACCES\); change the permissions/],
    ['ENOENT', /a\.csv: there is no such file/],
    ['EIO', /a\.csv: the disk fails \(EIO\)/],
  ])('says what %s means', (code, message) => {
    const error = fileError('a.csv', Object.assign(new Error(code), { code }))
    expect(error).toBeInstanceOf(HearsayError)
    expect(error.message).toMatch(message)
  })
})

describe('classes', () => {
  const text = '1,0\n2,1\n3,2\n4,0\n5,1\n6,2\n7,0\n8,1\n9,2\n'
  const load = async (options: Omit<DataInput, 'set'>): Promise<{ classes: readonly string[]; labels: number[] }> => {
    const folder = await folderWith({ 'train.csv': text, 'test.csv': '1,0\n' })
    const dataset = await loadDataset({ set: folder, ...options }, 1)
    return { classes: dataset.classes, labels: [...dataset.train.labels.subarray(0, 3)] }
  }

  it('take names in the order of the numbers', async () => {
    expect(await load({ classes: ['a', 'b', 'c'] })).toEqual({ classes: ['a', 'b', 'c'], labels: [0, 1, 2] })
  })

  it('take the labels themselves in another order, and more than this file has', async () => {
    expect(await load({ classes: ['3', '2', '1', '0'] })).toMatchObject({ labels: [3, 2, 1] })
  })

  it('take several labels for one class', async () => {
    const classes = [
      { name: 'low', labels: [0] },
      { name: 'high', labels: [1, '2.0'] },
    ]
    expect(await load({ classes })).toEqual({ classes: ['low', 'high'], labels: [0, 1, 1] })
  })

  it('refuse labels that are none of them, naming the line', async () => {
    await expect(load({ classes: ['a', 'b'] })).rejects.toThrow(/train\.csv:3: label "2" is none of the classes a, b/)
    await expect(load({ classes: ['a', 'a', 'b'] })).rejects.toThrow(/names a class twice/)
    await expect(
      load({
        classes: [
          { name: 'a', labels: [0] },
          { name: 'b', labels: [0, 1] },
        ],
      }),
    ).rejects.toThrow(/gives the label "0" to two classes/)
  })

  it('refuse a file with one class only unless all are listed', async () => {
    const folder = await folderWith({ 'a.csv': '1,x\n2,x\n3,x\n4,x\n5,x\n' })
    await expect(loadDataset({ set: `${folder}/a.csv` }, 1)).rejects.toThrow(/has only the class "x"; list all classes/)
    const dataset = await loadDataset({ set: `${folder}/a.csv`, classes: ['w', 'x'] }, 1)
    expect([...dataset.train.labels]).toEqual([1, 1, 1, 1])
  })
})

describe('schemas', () => {
  it('fill in the defaults', () => {
    expect(dataSchema.parse({ set: 'digits' })).toEqual({ set: 'digits', testShare: 0.2 })
    expect(partitionSchema.parse({ kind: 'dirichlet' })).toEqual({ kind: 'dirichlet', alpha: 0.3, mode: 'client' })
    expect(partitionSchema.parse({ kind: 'pathological' })).toEqual({ kind: 'pathological', classes: 2 })
    expect(partitionSchema.parse({ kind: 'resolution' })).toEqual({ kind: 'resolution', factors: [1, 2, 4, 8] })
  })

  it.each([
    [{ kind: 'dirichlet', alpha: 0 }, /partition: alpha: must be more than 0/],
    [{ kind: 'iid', alpha: 1 }, /partition: unknown field "alpha"/],
    [
      { kind: 'shards' },
      /"shards" is not allowed; must be one of iid, dirichlet, pathological, quantity, resolution, natural/,
    ],
  ])('say what is wrong with %j', (spec, message) => {
    expect(() => validate(partitionSchema, spec, 'partition', 'MANIFEST')).toThrow(message)
  })
})

describe('samples that stay where they are', () => {
  it('are those that are copied', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), (isKept, length) => {
        const size = isKept.length
        const numbers = Float32Array.from({ length: size * length }, (_, i) => i)
        const samples = { inputs: numbers, labels: Int32Array.from(isKept.keys()), targets: numbers.slice(), size }
        const indices = Uint32Array.from(isKept.keys()).filter(i => isKept[i])
        const copied = takeSamples(samples, indices)
        const kept = keepSamples(samples, indices)
        expect([...kept.inputs]).toEqual([...copied.inputs])
        expect([...kept.labels]).toEqual([...copied.labels])
        expect([...kept.targets!]).toEqual([...copied.targets!])
        expect(kept.size).toBe(copied.size)
      }),
    )
  })
})
