import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDataset, type Samples } from '../../src/data/index.js'
import { canonicalManifest, parseManifest, runIdOf, settleTask } from '../../src/node/index.js'
import { dataOf } from '../../src/node/peer-data.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearsay-peer-data-'))
  const table = (header: string, colours: string[]): string =>
    `${header}\n${Array.from({ length: 10 }, (_, i) => `${colours[i % 2]},${i},${i % 2}\n`).join('')}`
  await writeFile(join(folder, 'a.csv'), table('colour,size,ill', ['red', 'blue']))
  await writeFile(join(folder, 'b.csv'), table('colour,size,ill', ['blue', 'green']))
  await writeFile(
    join(folder, 'extra.csv'),
    table('colour,size,ill', ['red', 'blue'])
      .replace(/(?<=.)$/gm, ',1')
      .replace('ill,1', 'ill,id'),
  )
})
afterAll(() => rm(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)
const values = (...list: string[]): object => ({ name: 'colour', kind: 'category', values: list })

describe('the task of a run that is started', () => {
  it('is as the data of who starts, and changes the run', async () => {
    const manifest = parseManifest({ data: at('a.csv') })
    const settled = await settleTask(manifest)
    expect(settled.task).toMatchObject({ classes: ['0', '1'], header: true })
    expect(settled.task!.columns![0]).toEqual(values('blue', 'red'))
    expect(runIdOf(settled)).not.toEqual(runIdOf(await settleTask(manifest, { set: at('b.csv') })))
    // Settled it stays as it is: who comes back is in the same run.
    expect(runIdOf(await settleTask(settled))).toEqual(runIdOf(settled))
  })

  it('keeps what is written there, and must fit the data', async () => {
    const columns = [{ name: 'size', kind: 'number' }, values('red', 'blue', 'green'), { name: 'ill', kind: 'label' }]
    const task = { classes: ['1', '0', 'unknown'], columns }
    const { task: settled } = await settleTask(parseManifest({ data: at('a.csv'), task }))
    expect(settled).toMatchObject({ ...task, inputShape: [4], pixels: false })
    const other = parseManifest({ data: at('a.csv'), task: { ...task, classes: ['yes', 'no'] } })
    await expect(settleTask(other)).rejects.toThrow('has the classes "0", "1", which the run does not have')
  })

  it('says nothing of columns where peers have bodies of their own', async () => {
    const { task } = await settleTask(parseManifest({ data: at('a.csv'), merge: 'mixture', model: 'mlp' }))
    expect(task).toMatchObject({ inputShape: [3], classes: ['0', '1'] })
    expect(task!.columns).toBeUndefined()
  })

  it('is refused where its names are more than is handed to who joins', async () => {
    const names = Array.from({ length: 8000 }, (_, i) => `gene ${i} ${'x'.repeat(60)}`)
    const row = `${names.map(() => '1.5').join()},`
    await writeFile(at('wide.csv'), `${names.join()},ill\n${[0, 1, 0, 1, 0, 1].map(ill => `${row}${ill}\n`).join('')}`)
    const manifest = parseManifest({ data: at('wide.csv') })
    expect(canonicalManifest(manifest).length).toBeLessThan(2000)
    await expect(settleTask(manifest)).rejects.toThrow(
      /^wide\.csv: its columns and classes make a manifest of \d+ bytes; at most 524288/,
    )
  })
})

describe('the data of a peer', () => {
  it('that brings its own stand as the run has them', async () => {
    const task = {
      columns: [values('red', 'blue', 'green'), { name: 'size', kind: 'number' }, { name: 'ill', kind: 'label' }],
    }
    const manifest = await settleTask(parseManifest({ data: at('a.csv'), task }))
    const { samples, dataset } = await dataOf({ manifest, data: { own: { set: at('b.csv') } } })
    expect(dataset.inputShape).toEqual([4])
    // Nothing is red here.
    expect(Array.from({ length: samples.size }, (_, i) => samples.inputs[4 * i])).toEqual(Array(samples.size).fill(0))
  })

  it('are read until the signal ends it, whether they are its own or a share', async () => {
    const manifest = await settleTask(parseManifest({ data: at('a.csv') }))
    const signal = AbortSignal.abort(new Error('enough'))
    for (const data of [{ own: { set: at('b.csv') } }, { share: 0 }])
      await expect(dataOf({ manifest, data, signal })).rejects.toThrow('enough')
  })

  it('may have columns that a run which lists its columns has not', async () => {
    const columns = ['colour', 'size', 'ill']
    const listed = await settleTask(parseManifest({ data: { set: at('a.csv'), columns } }))
    expect((await dataOf({ manifest: listed, data: { own: { set: at('extra.csv') } } })).dataset.inputShape).toEqual([
      3,
    ])
    const open = await settleTask(parseManifest({ data: at('a.csv') }))
    const own = { set: at('extra.csv'), label: 'ill' }
    await expect(dataOf({ manifest: open, data: { own } })).rejects.toThrow('has the column "id"')
    expect((await dataOf({ manifest: open, data: { own: { ...own, columns } } })).dataset.inputShape).toEqual([3])
  })

  it('are refused where the manifest does not say what they mean', async () => {
    const manifest = parseManifest({ data: at('a.csv') })
    for (const data of [{ own: { set: at('a.csv') } }, { share: 0 }]) {
      await expect(dataOf({ manifest, data })).rejects.toThrow(/^task: .*hearsay start fills it in.*data --schema/)
    }
  })

  it('are no table where the run has no columns', async () => {
    const { columns: _, header: __, ...task } = (await settleTask(parseManifest({ data: at('a.csv') }))).task!
    const manifest = parseManifest({ data: 'arrays.npz', task })
    await expect(dataOf({ manifest, data: { own: { set: at('a.csv') } } })).rejects.toThrow(
      'a.csv: is a table, and the run has no columns',
    )
  })

  it('need nothing said where all have a set that ships', async () => {
    const { dataset } = await dataOf({ manifest: parseManifest({ data: 'digits', peers: 4 }), data: { share: 3 } })
    expect(dataset.classes).toHaveLength(10)
  })

  it('in memory are placed too', async () => {
    const manifest = await settleTask(parseManifest({ data: at('a.csv') }))
    const own = await loadDataset({ set: at('a.csv') }, 1)
    const { columns } = own.table!
    const turned = {
      ...own,
      table: { header: true, columns: [columns[1]!, columns[0]!, columns[2]!] },
      train: rowsTurned(own.train),
      test: rowsTurned(own.test),
    }
    const { samples } = await dataOf({ manifest, data: { own: turned } })
    expect(samples.inputs).toEqual(own.train.inputs)
  })

  it('may be images of only some of the classes', async () => {
    const draw = async (set: string, name: string): Promise<void> => {
      const path = join(folder, set, name)
      await sharp(new Uint8Array(16).fill(7), { raw: { width: 4, height: 4, channels: 1 } }).toFile(path)
    }
    for (const [set, classes] of [
      ['pets', ['bird', 'cat', 'dog']],
      ['dogs', ['dog']],
      ['fish', ['dog', 'fish']],
    ] as const) {
      for (const name of classes) {
        await mkdir(join(folder, set, name), { recursive: true })
        for (let i = 0; i < 5; i++) await draw(set, join(name, `${i}.png`))
      }
    }
    const manifest = await settleTask(parseManifest({ data: at('pets') }))
    const { samples, dataset } = await dataOf({ manifest, data: { own: { set: at('dogs') } } })
    expect([dataset.classes, new Set(samples.labels)]).toEqual([['bird', 'cat', 'dog'], new Set([2])])
    expect(dataset.notes).toContain('no samples of the classes "bird", "cat" of the run')
    // In a run of colour images of another size these are such.
    const colour = { ...manifest, task: { ...manifest.task, inputShape: [2, 3, 3] } }
    const { dataset: stretched } = await dataOf({ manifest: colour, data: { own: { set: at('dogs') } } })
    expect(stretched.inputShape).toEqual([2, 3, 3])
    expect(stretched.notes).toContain('5 images (height×width 5 of 4×4) stretched to 2×3, which the run takes')
    await expect(dataOf({ manifest, data: { own: { set: at('fish') } } })).rejects.toThrow(
      /has the class "fish", which the run does not have .*data\.classes/,
    )
  })
})

/** Size before the two colours. */
function rowsTurned(samples: Samples): Samples {
  const inputs = new Float32Array(new SharedArrayBuffer(samples.inputs.length * 4))
  for (let i = 0; i < samples.size; i++) {
    const [first, second, size] = samples.inputs.subarray(3 * i, 3 * i + 3)
    inputs.set([size!, first!, second!], 3 * i)
  }
  return { ...samples, inputs }
}
