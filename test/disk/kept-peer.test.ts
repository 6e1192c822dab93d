import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeDescription, encodeDescription } from '../../src/disk/description.js'
import { createCheckpoints, keepPeer, keptPeers, readPeer, sharedOf, tensorsOfPeer } from '../../src/disk/index.js'
import { HearsayError } from '../../src/errors.js'
import { nothingKept } from '../../src/methods/index.js'
import { mixtureSchema } from '../../src/mixture/index.js'
import { allocate, encodeSafetensors, layoutOf } from '../../src/tensors/index.js'
import { emptyFolder, keptPeer } from '../trained/kept.js'

const merge = mixtureSchema.parse({ method: 'mixture', topExperts: 3 })
const table = {
  header: true,
  columns: [
    { name: 'age', kind: 'number' as const },
    { name: 'sex', kind: 'category' as const, values: ['f', 'm'] },
    { name: 'label', kind: 'label' as const },
  ],
}
const signal = new AbortController().signal

describe('a description of a peer', () => {
  it('comes back as it was written', async () => {
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, merge })
    const whole = { ...description, table, topology: undefined }
    const read = decodeDescription(encodeDescription(whole), 'peer.json')
    expect(read).toEqual(JSON.parse(JSON.stringify(read)) && { ...whole, topology: read.topology })
    expect(read.standardisation.mean).toEqual(description.standardisation.mean)
  })

  it.each<[string, (json: Record<string, never>) => unknown, string]>([
    ['no JSON', () => undefined, 'is not JSON'],
    ['another format', json => ({ ...json, format: 'other' }), 'format'],
    ['an unknown field', json => ({ ...json, more: 1 }), 'unknown field "more"'],
    ['a name that is none', json => ({ ...json, name: '' }), 'name'],
    ['a run that is none', json => ({ ...json, run: 'xyz' }), 'run'],
    ['too few means', json => ({ ...json, standardisation: { mean: [1], std: [1, 1, 1] } }), 'the inputs need 3'],
    [
      'a deviation of 0',
      json => ({ ...json, standardisation: { mean: [1, 1, 1], std: [1, 0, 1] } }),
      'must be more than 0',
    ],
    [
      'a table of other inputs',
      json => ({ ...json, table: { header: true, columns: table.columns.slice(1) } }),
      'its columns make 2 inputs',
    ],
    ['a huge tensor', json => ({ ...json, layout: [{ name: 'a', shape: [2 ** 30, 2] }] }), 'at most 1073741824'],
    ['a negative length', json => ({ ...json, layout: [{ name: 'a', shape: [-1] }] }), 'layout.0.shape.0'],
    ['a method that there is not', json => ({ ...json, merge: { method: 'magic' } }), 'merge'],
    ['a model that there is not', json => ({ ...json, model: { kind: 'magic' } }), 'model'],
  ])('is refused with %s', async (_, change, message) => {
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false })
    const json = change(JSON.parse(encodeDescription(description)) as Record<string, never>)
    const read = (): unknown => decodeDescription(json === undefined ? '{' : JSON.stringify(json), 'peer.json')
    expect(read).toThrow(HearsayError)
    expect(read).toThrow(message)
  })
})

describe('what a run folder holds of peers', () => {
  it('is read again, from its own file or the last checkpoint, with all that was kept beside it', async () => {
    const folder = await emptyFolder()
    const { description, parameters } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, merge })
    const { layout, name } = description
    await keepPeer(folder, description)
    expect(await keptPeers(folder)).toEqual(['boston'])
    await expect(readPeer(folder)).rejects.toThrow('has no parameters of boston yet')

    const head = sharedOf(description).layout
    const runId = Buffer.from(description.run, 'hex')
    const checkpoints = createCheckpoints({ folder: join(folder, 'checkpoints'), runId, layout, head })
    const early = allocate(layout).fill(0.5)
    await checkpoints.save({ round: 1, name, parameters: early, method: nothingKept, heads: [] }, signal)
    // A peer that is running may be in the middle of the next one.
    await writeFile(join(folder, 'checkpoints', '0000000002.0011223344556677.part'), 'unfinished')
    expect((await readPeer(folder)).parameters).toEqual(early)
    expect(await readFile(join(folder, 'checkpoints', '0000000002.0011223344556677.part'), 'utf8')).toBe('unfinished')

    const heads = [{ peer: '12D3KooWanna', name: 'anna', round: 2, head: allocate(head).fill(2) }]
    const method = {
      before: allocate(head),
      tensors: [{ name: 'com/kernel', shape: [2], values: Float32Array.of(1, 2) }],
      numbers: { usual: [0.1] },
    }
    await keepPeer(folder, description, { round: 2, parameters, method, heads })
    const read = await readPeer(folder, 'boston')
    expect(read.parameters).toEqual(parameters)
    expect(read.parameters.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(read.heads).toEqual(heads)
    // Nobody goes back behind the end of a run.
    expect(read.method).toEqual({ tensors: method.tensors, numbers: method.numbers })
    expect(tensorsOfPeer(read).layout.tensors.map(({ name }) => name)).toEqual([
      'output/kernel',
      'output/bias',
      'kept:com/kernel',
      'head:12D3KooWanna/output/kernel',
      'head:12D3KooWanna/output/bias',
    ])
  })

  it('is named by the peer where there are several', async () => {
    const folder = await emptyFolder()
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false })
    for (const name of ['peer-10', 'peer-2', 'a/b: "c"']) await keepPeer(folder, { ...description, name })
    expect(await keptPeers(folder)).toEqual(['a/b: "c"', 'peer-2', 'peer-10'])
    await expect(readPeer(folder)).rejects.toThrow('has 3 peers; name one of a/b: "c", peer-2, peer-10')
    expect(await readdir(join(folder, 'peers'))).toContain('a%2fb%3a %22c%22.json')
    await expect(readPeer(folder, 'zurich')).rejects.toThrow('--peer zurich')
    await expect(readPeer(folder, '../peer-2')).rejects.toThrow('--peer ../peer-2')
  })

  it('is refused when it is not there, of another model, or not finite', async () => {
    const folder = await emptyFolder()
    await expect(readPeer(join(folder, 'nowhere'))).rejects.toThrow('is no run folder: there is no such')
    await mkdir(join(folder, 'peers'))
    await expect(readPeer(folder)).rejects.toThrow('contains no description of a model')
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false })
    await keepPeer(folder, description)
    const { layout } = description
    const last = { round: 1, method: nothingKept, heads: [] }
    await keepPeer(folder, description, { ...last, parameters: allocate(layout).fill(Infinity) })
    await expect(readPeer(folder)).rejects.toThrow('not finite')
    const other = layoutOf([{ name: 'output/kernel', shape: [2, 2] }])
    await keepPeer(folder, { ...description, layout: other }, { ...last, parameters: allocate(other) })
    await keepPeer(folder, description)
    await expect(readPeer(folder)).rejects.toThrow('holds another model than')
    await writeFile(
      join(folder, 'peers', 'boston.safetensors'),
      encodeSafetensors({ layout, values: allocate(layout) }),
    )
    await expect(readPeer(folder)).rejects.toThrow('does not state what it is a checkpoint of')
    await writeFile(join(folder, 'peers', 'boston.json'), 'x')
    await expect(readPeer(folder)).rejects.toThrow('is not JSON')
  })
})
