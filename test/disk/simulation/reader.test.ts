import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { writeCheckpoint } from '../../../src/disk/checkpoint-file.js'
import { contentsOf } from '../../../src/disk/checkpoint-format.js'
import { sha256 } from '../../../src/disk/simulation/format.js'
import { readKeptOptions, readState, stateLimits } from '../../../src/disk/simulation/reader.js'
import { Traffic } from '../../../src/gossip/traffic/traffic.js'
import { nothingKept } from '../../../src/methods/index.js'
import { allocate, bytesOf, layoutOf } from '../../../src/tensors/index.js'

const layout = layoutOf([{ name: 'dense/kernel', shape: [2] }])
const runId = new Uint8Array(32).fill(7)

/** A run of one peer that holds a head of another, after its first round. */
async function keptRun(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-state-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const round = join(folder, 'state', 'round-1')
  await mkdir(round, { recursive: true })
  const parameters = allocate(layout)
  const { signal } = new AbortController()
  const state = { round: 1, name: 'a', parameters, method: nothingKept, heads: [] }
  const contents = contentsOf({ runId, layout, head: layout }, state)
  const checkpoint = await writeCheckpoint(join(round, '0.safetensors'), contents, signal)
  await writeFile(join(round, 'heads'), bytesOf(parameters))
  const run = {
    format: 'hearsay simulation 2',
    run: Buffer.from(runId).toString('hex'),
    rounds: 1,
    last: { type: 'round', round: 0 },
    samples: 1,
    absent: 0,
    sentBytes: 0,
    traffic: new Traffic().bytes(),
    seconds: 1,
    rejected: {},
    peers: [{ failed: false, checkpoint, heads: [0] }],
    heads: [{ peer: 'b', round: 0 }],
    headsDigest: sha256(bytesOf(parameters)),
  }
  await writeFile(join(round, 'run.json'), JSON.stringify(run))
  return folder
}

it('a state is read up to its limits, and no file of it above them', async () => {
  const folder = await keptRun()
  const at = (name: string): string => join(folder, 'state', 'round-1', name)
  const read = (limits: Partial<typeof stateLimits>): ReturnType<typeof readState> =>
    readState({ folder, runId, layouts: [layout], head: layout, tell: () => {} }, { ...stateLimits, ...limits })
  const runBytes = (await stat(at('run.json'))).size
  const whole = await read({ runBytes })
  expect(whole?.peers[0]?.kept.heads).toEqual([{ peer: 'b', round: 0, head: allocate(layout) }])
  await expect(read({ runBytes: runBytes - 1 })).rejects.toThrow('all rounds that were kept are damaged')
  // As many heads as are named, of the size that the model has.
  await writeFile(at('heads'), new Uint8Array(layout.size * 4 + 1))
  await expect(read({})).rejects.toThrow('all rounds that were kept are damaged')
})

it('options are read up to their limit', async () => {
  const folder = await keptRun()
  await writeFile(join(folder, 'state', 'options.json'), ' '.repeat(101))
  const read = readKeptOptions(folder, { ...stateLimits, optionsBytes: 100 })
  await expect(read).rejects.toThrow('options.json: has 101 bytes; at most 100 are read; begin the run anew')
})
