import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeDescription, encodeDescription } from '../../src/disk/description.js'
import { createCheckpoints, decodeExperts, encodeExperts, keepPeer, keptPeers, readPeer } from '../../src/disk/index.js'
import { HearsayError } from '../../src/errors.js'
import { mixtureSchema } from '../../src/mixture/index.js'
import { allocate, encodeSafetensors, headSection, layoutOf } from '../../src/tensors/index.js'
import { emptyFolder, keptPeer } from '../trained/kept.js'

const mixture = mixtureSchema.parse({ method: 'mixture', topExperts: 3 })
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
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, mixture })
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
    ['a model that there is not', json => ({ ...json, model: { kind: 'magic' } }), 'model'],
  ])('is refused with %s', async (_, change, message) => {
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false })
    const json = change(JSON.parse(encodeDescription(description)) as Record<string, never>)
    const read = (): unknown => decodeDescription(json === undefined ? '{' : JSON.stringify(json), 'peer.json')
    expect(read).toThrow(HearsayError)
    expect(read).toThrow(message)
  })
})

describe('received heads', () => {
  const layout = layoutOf([
    { name: 'output/kernel', shape: [2, 3] },
    { name: 'output/bias', shape: [3] },
  ])
  const experts = ['12D3KooWanna', '12D3KooWbert'].map((peer, i) => {
    const head = allocate(layout)
    for (let k = 0; k < head.length; k++) head[k] = 10 * i + k
    return { peer, round: 4 + i, head, ...(i === 0 ? { name: 'Änna' } : {}) }
  })

  it('come back with their authors', () => {
    const read = decodeExperts(encodeExperts(experts, layout), layout, 'experts')
    expect(read.map(({ peer, round, name }) => [peer, round, name])).toEqual([
      ['12D3KooWanna', 4, 'Änna'],
      ['12D3KooWbert', 5, undefined],
    ])
    for (const [i, { head }] of read.entries()) {
      expect([...head]).toEqual([...experts[i]!.head])
      expect(head.buffer).toBeInstanceOf(SharedArrayBuffer)
    }
    expect(decodeExperts(encodeExperts([], layout), layout, 'experts')).toEqual([])
  })

  it('are refused when they are cut off, of another layout, not finite, or of nobody', () => {
    const bytes = encodeExperts(experts, layout)
    const refused = (of: Uint8Array, message: string, as = layout): void =>
      expect(() => decodeExperts(of, as, 'experts')).toThrow(message)
    refused(bytes.subarray(0, 4), 'too short')
    refused(bytes.subarray(0, 60), 'ends inside its header')
    refused(bytes.subarray(0, bytes.length - 4), 'ends inside tensor')
    refused(bytes, 'not those of this model', layoutOf([{ name: 'output/kernel', shape: [2, 3] }]))
    refused(encodeSafetensors({ layout, values: allocate(layout) }), 'does not say whose')
    const broken = encodeExperts([{ ...experts[0]!, head: allocate(layout).fill(NaN) }], layout)
    refused(broken, 'not finite')
    const long = new Uint8Array(16).fill(0xff)
    refused(long, 'its header claims')
  })
})

describe('what a run folder holds of peers', () => {
  it('is read again, from a file of parameters or the last checkpoint, with a mixture once there is one', async () => {
    const folder = await emptyFolder()
    const peer = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, mixture })
    const { description, parameters } = peer
    const { layout, name } = description
    await keepPeer(folder, description)
    expect(await keptPeers(folder)).toEqual(['boston'])
    await expect(readPeer(folder)).rejects.toThrow('has no parameters of boston yet')

    const checkpoints = createCheckpoints({
      folder: join(folder, 'checkpoints'),
      runId: Buffer.from(description.run, 'hex'),
      layout,
    })
    const early = allocate(layout).fill(0.5)
    await checkpoints.save({ round: 1, name, parameters: early, state: {} }, signal)
    // A peer that is running may be in the middle of the next one.
    await writeFile(join(folder, 'checkpoints', '0000000002.0011223344556677.part'), 'unfinished')
    expect((await readPeer(folder)).parameters).toEqual(early)
    expect(await readFile(join(folder, 'checkpoints', '0000000002.0011223344556677.part'), 'utf8')).toBe('unfinished')

    const { layout: headLayout } = headSection(layout, 'output')
    const experts = [{ peer: '12D3KooWanna', name: 'anna', round: 2, head: allocate(headLayout).fill(2) }]
    await keepPeer(folder, description, { weights: Uint8Array.of(1, 2, 3), experts })
    await writeFile(join(folder, 'peers', 'boston.safetensors'), encodeSafetensors({ layout, values: parameters }))
    const read = await readPeer(folder, 'boston')
    expect(read.parameters).toEqual(parameters)
    expect(read.parameters.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect([...read.mixture!.weights]).toEqual([1, 2, 3])
    expect(read.mixture!.experts).toEqual(experts)
  })

  it('is named by the peer where there are several', async () => {
    const folder = await emptyFolder()
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false })
    for (const name of ['peer-10', 'peer-2', 'a/b: "c"']) await keepPeer(folder, { ...description, name })
    expect(await keptPeers(folder)).toEqual(['a/b: "c"', 'peer-2', 'peer-10'])
    await expect(readPeer(folder)).rejects.toThrow('has 3 peers; name one of a/b: "c", peer-2, peer-10')
    await expect(readPeer(folder, 'zurich')).rejects.toThrow('--peer zurich')
    await expect(readPeer(folder, '../peer-2')).rejects.toThrow('--peer ../peer-2')
  })

  it('is refused when it is not there, of another model, or not finite', async () => {
    const folder = await emptyFolder()
    await expect(readPeer(join(folder, 'nowhere'))).rejects.toThrow('has no folder "peers"')
    await mkdir(join(folder, 'peers'))
    await expect(readPeer(folder)).rejects.toThrow('says of no peer what its model is')
    const { description } = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false })
    await keepPeer(folder, description)
    const { layout } = description
    const path = join(folder, 'peers', 'boston.safetensors')
    await writeFile(path, encodeSafetensors({ layout, values: allocate(layout).fill(Infinity) }))
    await expect(readPeer(folder)).rejects.toThrow('not finite')
    const other = layoutOf([{ name: 'output/kernel', shape: [2, 2] }])
    await writeFile(path, encodeSafetensors({ layout: other, values: allocate(other) }))
    await expect(readPeer(folder)).rejects.toThrow('holds another model than is described')
    await writeFile(join(folder, 'peers', 'boston.json'), 'x')
    await expect(readPeer(folder)).rejects.toThrow('is not JSON')
  })
})
