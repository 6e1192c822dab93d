import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agreeTogether, degrade, loadDataset, partition, personalTests, takeSamples } from '../../src/data/index.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearsay-objective-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function table(name: string, ...lines: string[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, lines.join('\n'))
  return path
}

/** Bit for bit; a matcher would take seconds on a hundred thousand pixels. */
const same = (a: ArrayBufferView | undefined, b: ArrayBufferView | undefined): boolean =>
  Buffer.from(a!.buffer, a!.byteOffset, a!.byteLength).equals(Buffer.from(b!.buffer, b!.byteOffset, b!.byteLength))

describe('a number to predict', () => {
  it('is read from its column, and told in units of its own spread', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => `${i},${1000 * i},${i % 2 === 0 ? 'a' : 'b'}`)
    const set = await table('prices.csv', 'rooms,price,town', ...rows)
    const dataset = await loadDataset({ set, target: 'price', testShare: 0.3 }, 1)
    expect(dataset.inputShape).toEqual([3])
    expect(dataset.classes).toEqual(['price'])
    const { train, test } = dataset
    expect([train.size, test.size]).toEqual([7, 3])
    for (const { inputs, labels, targets, size } of [train, test]) {
      expect(targets).toHaveLength(size)
      expect(targets!.buffer).toBeInstanceOf(SharedArrayBuffer)
      expect(labels.every(label => label === 0)).toBe(true)
      for (let i = 0; i < size; i++) expect(targets![i]).toBe(1000 * inputs[i * 3]!)
    }
    expect(dataset.objective).toEqual({ kind: 'regression', target: 'price' })
    const [sight] = agreeTogether(dataset, [train])
    const values = [...train.targets!]
    const mean = values.reduce((sum, value) => sum + value, 0) / 7
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 7
    expect(sight!.standardisation.target!.mean).toBeCloseTo(mean, 6)
    expect(sight!.standardisation.target!.std).toBeCloseTo(Math.sqrt(variance), 6)
  })

  it('is dealt with its samples', async () => {
    const set = await table('dealt.csv', 'x,y', ...Array.from({ length: 40 }, (_, i) => `${i},${i / 2}`))
    const dataset = await loadDataset({ set, target: 'y' }, 1)
    for (const kind of ['iid', 'quantity'] as const) {
      for (const { samples } of partition(dataset, { kind }, 3, 1)) {
        for (let i = 0; i < samples.size; i++) expect(samples.targets![i]).toBe(samples.inputs[i]! / 2)
      }
    }
    expect(() => partition(dataset, { kind: 'dirichlet' }, 3, 1)).toThrow('deals by class, and regression has none')
    expect(takeSamples(dataset.train, Uint32Array.of(2)).targets).toEqual(dataset.train.targets!.slice(2, 3))
  })

  it('that is missing, or none, or not alone, is told', async () => {
    const numbers = ['x,y', '1,2', '2,3', '3,4']
    const load = async (lines: string[], more: object = { target: 'y' }) =>
      loadDataset({ set: await table('wrong.csv', ...lines), ...more }, 1)
    await expect(load([...numbers, '4,'])).rejects.toThrow('column 2 ("y"): the number to predict is missing')
    await expect(load([...numbers, '4,tall'])).rejects.toThrow('wrong.csv:5: column 2 ("y"): "tall" is no number')
    await expect(load([...numbers, '4,1e300'])).rejects.toThrow('"1e300" is beyond what float32 holds')
    await expect(load(numbers, { target: 'y', label: 'x' })).rejects.toThrow('does not go with data.label')
    await expect(load(numbers, { target: 'y', classes: ['a', 'b'] })).rejects.toThrow('data.classes: does not go with')
    await expect(load(numbers, { target: 'y', superResolution: 2 })).rejects.toThrow('does not go with data.target')
    await expect(load(numbers, { target: 'z' })).rejects.toThrow('there is no column "z"')
    await expect(loadDataset({ set: 'pneumoniamnist', target: 1 }, 1)).rejects.toThrow('data.target')
  })
})

describe('images to restore', () => {
  it('are seen at a lower resolution, and whole as targets', async () => {
    const whole = await loadDataset({ set: 'pneumoniamnist' }, 1)
    const dataset = await loadDataset({ set: 'pneumoniamnist', superResolution: 2 }, 1)
    expect(dataset.objective).toEqual({ kind: 'super-resolution', factor: 2 })
    expect(same(dataset.test.targets, whole.test.inputs)).toBe(true)
    expect(same(dataset.test.inputs, degrade(whole.test, whole.inputShape, 2).inputs)).toBe(true)
    expect(dataset.test.labels.every(label => label === 0)).toBe(true)
  })

  it('are at each peer of its own resolution, from the whole ones', async () => {
    const dataset = await loadDataset({ set: 'pneumoniamnist', superResolution: 4 }, 1)
    const shards = partition(dataset, { kind: 'resolution', factors: [1, 2] }, 2, 1)
    const [plain, half] = shards.map(({ samples }) => samples)
    expect(same(plain!.inputs, plain!.targets)).toBe(true)
    expect(same(half!.inputs, degrade({ ...half!, inputs: half!.targets! }, dataset.inputShape, 2).inputs)).toBe(true)
    const tests = personalTests(dataset, { kind: 'resolution', factors: [1, 2] }, shards, 1)
    expect(same(tests[0]!.inputs, tests[0]!.targets)).toBe(true)
    expect(same(tests[1]!.inputs, tests[1]!.targets)).toBe(false)
  })

  it('must be images', async () => {
    const set = await table('no-images.csv', '1,2', '2,3', '3,4')
    await expect(loadDataset({ set, superResolution: 2 }, 1)).rejects.toThrow('needs images of pixels')
  })
})
