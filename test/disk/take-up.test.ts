import { expect, it } from 'vitest'
import { createCheckpoints } from '../../src/disk/index.js'
import { type TakeUpInit, takeUp } from '../../src/disk/take-up.js'
import { HearsayError } from '../../src/errors.js'
import type { Kept } from '../../src/methods/index.js'
import { type KeptState, type Peer, parseManifest } from '../../src/node/index.js'
import { allocate, headSection, layoutOf } from '../../src/tensors/index.js'
import { emptyFolder } from './children.js'

const { signal } = new AbortController()
const layout = layoutOf([
  { name: 'body/kernel', shape: [2] },
  { name: 'head/kernel', shape: [3] },
])

it('a peer is taken up with its model and all that was kept beside it, and told what is lost', async () => {
  const path = await emptyFolder()
  const told: string[] = []
  const tell = (line: string): void => void told.push(line)
  const head = headSection(layout, 'head')
  const kind = { folder: path, runId: new Uint8Array(32), layout, head: head.layout }
  const checkpoints = createCheckpoints({ ...kind, onDamaged: tell })
  const folder = { path, checkpointsPath: path, readAgreed: async () => undefined }
  const from = { manifest: parseManifest({}), folder, checkpoints } as unknown as TakeUpInit
  const restored: Partial<KeptState>[] = []
  const peer = {
    parameters: allocate(layout),
    head,
    // Of a model that others have broken.
    relativeLoss: async () => (peer.parameters![2] === 9 ? 1000 : 1),
    restore(kept: Partial<KeptState>, source: string) {
      if (kept.method?.numbers.strange !== undefined) throw new HearsayError('PARAMETERS', `${source}: strange`)
      restored.push(kept)
    },
  } as Partial<Peer> as Peer
  const save = (round: number, parameters: Float32Array, method: Kept): Promise<void> =>
    checkpoints.save({ round, name: 'basel', parameters, method, heads, arrivals }, signal)
  const arrivals = [{ peer: '12D3KooWanna', since: 0, isDoubtful: false, newMs: 0 }]
  const heads = [{ peer: '12D3KooWanna', round: 0, head: allocate(head.layout) }]
  expect(await takeUp(peer, from, tell, signal)).toEqual({ rounds: 0 })

  const method = { before: Float32Array.of(3, 4, 5), tensors: [], numbers: { usual: [0.5] } }
  await save(1, Float32Array.of(6, 7, 8, 7, 6), method)
  expect(await takeUp(peer, from, tell, signal)).toEqual({ rounds: 1 })
  expect([...peer.parameters]).toEqual([6, 7, 8, 7, 6])
  expect(restored).toEqual([{ method, heads, arrivals }])
  expect(told).toEqual([])

  await save(2, Float32Array.of(2, 2, 9, 9, 9), { ...method, before: Float32Array.of(1, 1, 1) })
  expect(await takeUp(peer, from, tell, signal)).toEqual({ rounds: 2 })
  expect([...peer.parameters]).toEqual([2, 2, 1, 1, 1])
  // Who came when is known whatever became of the merge.
  expect(restored.slice(1)).toEqual([{ arrivals }])
  expect(told).toEqual([expect.stringContaining('the model before the merge of round 2 goes on')])

  await save(3, Float32Array.of(3, 3, 3, 3, 3), { tensors: [], numbers: { strange: [] } })
  expect(await takeUp(peer, from, tell, signal)).toEqual({ rounds: 3 })
  expect(told.at(-1)).toBe(`${path}: strange; what is kept of the others beside the model begins anew`)
})

it.each([
  [true, 5],
  [false, 2],
])(
  'P40 with masks (%s) a peer goes on after the last round that it has ended, whatever its model is of',
  async (hasMasks, rounds) => {
    const path = await emptyFolder()
    const checkpoints = createCheckpoints({
      folder: path,
      runId: new Uint8Array(32),
      layout,
      head: layout,
      onDamaged() {},
    })
    const folder = { path, checkpointsPath: path, readAgreed: async () => undefined, before: { rounds: 5 } }
    const manifest = parseManifest(hasMasks ? { masks: true, topology: 'full' } : {})
    const from = { manifest, folder, checkpoints } as unknown as TakeUpInit
    const head = headSection(layout, 'body')
    const peer = {
      parameters: allocate(layout),
      head,
      relativeLoss: async () => 1,
      restore() {},
    } as Partial<Peer> as Peer
    expect(await takeUp(peer, from, () => {}, signal)).toEqual({ rounds: hasMasks ? 5 : 0 })
    const kept = { method: { tensors: [], numbers: {} }, heads: [] }
    await checkpoints.save({ round: 2, name: 'basel', parameters: allocate(layout), ...kept }, signal)
    expect(await takeUp(peer, from, () => {}, signal)).toEqual({ rounds })
  },
)
