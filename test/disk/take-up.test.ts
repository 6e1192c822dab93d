import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createRoundCheckpoints } from '../../src/disk/index.js'
import { type Kept, takeUp } from '../../src/disk/take-up.js'
import { type Peer, parseManifest } from '../../src/node/index.js'
import { allocate, layoutOf } from '../../src/tensors/index.js'
import { emptyFolder } from './children.js'

const { signal } = new AbortController()
const layout = layoutOf([
  { name: 'body', shape: [2] },
  { name: 'head', shape: [3] },
])

it('a peer that is taken up behind a merge has its head before it, to go back to', async () => {
  const path = await emptyFolder()
  const told: string[] = []
  const tell = (line: string): void => void told.push(line)
  const checkpoints = createRoundCheckpoints({ folder: path, runId: new Uint8Array(32), layout, name: 'basel', tell })
  const folder = { path, checkpointsPath: join(path, 'checkpoints'), readAgreed: async () => undefined }
  const kept = { name: 'basel', manifest: parseManifest({}), folder, checkpoints } as unknown as Kept
  const peer = {
    parameters: allocate(layout),
    head: { start: 2, end: 5, layout: layoutOf([{ name: 'head', shape: [3] }]) },
    // Of a model that others have broken.
    relativeLoss: async () => (peer.parameters![0] === 9 ? 1000 : 1),
  } as Partial<Peer> as Peer
  expect(await takeUp(peer, kept, tell, signal)).toEqual({ rounds: 0 })

  await checkpoints.trained(0, Float32Array.of(1, 2, 3, 4, 5), 0.5, signal)
  await checkpoints.ended(0, Float32Array.of(6, 7, 8, 7, 6), signal)
  expect(await takeUp(peer, kept, tell, signal)).toEqual({
    rounds: 1,
    unmerged: { head: Float32Array.of(3, 4, 5), loss: 0.5 },
  })
  expect([...peer.parameters]).toEqual([6, 7, 8, 7, 6])
  expect(told).toEqual([])

  await checkpoints.trained(1, Float32Array.of(2, 2, 2, 2, 2), 0.25, signal)
  await checkpoints.ended(1, Float32Array.of(9, 9, 9, 9, 9), signal)
  expect(await takeUp(peer, kept, tell, signal)).toEqual({ rounds: 2 })
  expect([...peer.parameters]).toEqual([2, 2, 2, 2, 2])
  expect(told).toEqual([expect.stringContaining('the model before the merge of round 2 goes on')])
})
