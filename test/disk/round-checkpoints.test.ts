import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createRoundCheckpoints, type RoundCheckpoints, type Sound } from '../../src/disk/index.js'
import { allocate, layoutOf } from '../../src/tensors/index.js'
import { emptyFolder } from './children.js'

const { signal } = new AbortController()
const layout = layoutOf([{ name: 'dense/kernel', shape: [2, 3] }])
const modelOf = (value: number): Float32Array => allocate(layout).fill(value)
/** Its loss is what the model is filled with. */
const lossOf = async (parameters: Float32Array): Promise<number> => parameters[0]!

interface Opened extends RoundCheckpoints {
  readonly told: string[]
  /** What a resumed peer goes on with: its next round, and what its model is filled with. */
  found(): Promise<readonly [round: number, value: number] | undefined>
}

function open(folder: string, lossIncrease = 10): Opened {
  const told: string[] = []
  const runId = new Uint8Array(32).fill(7)
  const tell = (line: string): void => void told.push(line)
  const checkpoints = createRoundCheckpoints({ folder, runId, layout, name: 'boston', tell })
  const shown = ({ checkpoint: { round, parameters } }: Sound) => [round, parameters[0]!] as const
  return {
    ...checkpoints,
    told,
    async found() {
      const sound = await checkpoints.sound(lossOf, lossIncrease)
      return sound && shown(sound)
    },
  }
}

/** Rounds of these: the model before the merge, and after it; nothing after where the peer was killed between. */
async function run(folder: string, rounds: readonly (readonly [before: number, after?: number])[]): Promise<void> {
  const checkpoints = open(folder)
  for (const [round, [before, after]] of rounds.entries()) {
    await checkpoints.trained(round, modelOf(before), before / 2, signal)
    if (after !== undefined) await checkpoints.ended(round, modelOf(after), signal)
  }
}

/** Waits for the disk as the end of a round would. */
async function killedAfterTraining(folder: string, rounds: readonly (readonly [number, number?])[]): Promise<void> {
  await run(folder, rounds)
  // The folder, too, is made only by the time that something is written to it.
  const names = (): Promise<string[]> => readdir(join(folder, 'before-merge')).catch(() => [])
  while (!(await names()).some(file => file.includes(`.round-${rounds.length}.`) && file.endsWith('.safetensors'))) {
    await new Promise(resolve => setImmediate(resolve))
  }
}

describe('what is kept of rounds', () => {
  it('is the last merge, where that is sound', async () => {
    const folder = join(await emptyFolder(), 'checkpoints')
    expect(await open(folder).found()).toBeUndefined()
    await run(folder, [
      [0.5, 0.4],
      [0.3, 0.2],
    ])
    const { found, told } = open(folder)
    expect(await found()).toEqual([2, Math.fround(0.2)])
    expect(told).toEqual([])
    expect((await readdir(join(folder, 'before-merge'))).length).toBe(2)
  })

  it('is the model before a merge that was poison, told of in one line', async () => {
    const folder = await emptyFolder()
    await run(folder, [
      [0.5, 0.5],
      [0.25, 9000],
    ])
    const { found, told } = open(folder)
    expect(await found()).toEqual([2, 0.25])
    expect(told).toEqual([
      `${folder}: the model of round 2 is passed over: its loss on own samples is 9.0e+3 times that of an answer that knows nothing (limits.lossIncrease); the model before the merge of round 2 goes on`,
    ])
  })

  it.each<[string, number]>([
    ['diverges and is taken back', 0.25],
    ['goes on from the poison', 8000],
  ])('is still there when the training after it %s and the peer is killed', async (_, before) => {
    const folder = await emptyFolder()
    await killedAfterTraining(folder, [[0.5, 0.5], [0.25, 9000], [before]])
    expect(await open(folder).found()).toEqual([2, 0.25])
  })

  it('is that of two rounds ago where a whole round was built on poison', async () => {
    const folder = await emptyFolder()
    await run(folder, [
      [0.25, 9000],
      [8000, 8500],
    ])
    const { found, told } = open(folder)
    expect(await found()).toEqual([1, 0.25])
    expect(told).toHaveLength(3)
  })

  it('is no model before a merge whose round has not ended: that is trained again', async () => {
    const folder = await emptyFolder()
    await killedAfterTraining(folder, [[0.5, 0.25], [0.125]])
    expect(await open(folder).found()).toEqual([1, 0.25])
    const first = await emptyFolder()
    await killedAfterTraining(first, [[0.5]])
    expect(await open(first).found()).toBeUndefined()
  })

  it('is judged by what is bearable, from a loss of 1 or the smallest there is', async () => {
    const folder = await emptyFolder()
    await run(folder, [[0.01, 9.9]])
    expect(await open(folder).found()).toEqual([1, Math.fround(9.9)])
    expect(await open(folder, 9).found()).toEqual([1, Math.fround(0.01)])
    // Where nothing is good, the last that is not much worse than the best.
    const bad = await emptyFolder()
    await run(bad, [[50, 400]])
    expect(await open(bad).found()).toEqual([1, 400])
    const worse = await emptyFolder()
    await run(worse, [[50, 600]])
    expect(await open(worse).found()).toEqual([1, 50])
  })

  it('passes over what is not finite, and what is damaged, on either side of the merge', async () => {
    const folder = await emptyFolder()
    await run(folder, [
      [0.5, 0.4],
      [0.25, Number.NaN],
    ])
    const { found, told } = open(folder)
    expect(await found()).toEqual([2, 0.25])
    expect(told).toEqual([expect.stringMatching(/round-2\..*: its numbers are not finite$/)])

    const damaged = await emptyFolder()
    await run(damaged, [
      [0.5, 0.4],
      [0.25, 9000],
    ])
    const own = join(damaged, 'before-merge')
    const last = (await readdir(own)).sort().at(-1)!
    await writeFile(join(own, last), (await readFile(join(own, last))).subarray(0, 90))
    expect(await open(damaged).found()).toEqual([1, Math.fround(0.4)])
    await rm(own, { recursive: true })
    expect(await open(damaged).found()).toEqual([1, Math.fround(0.4)])
  })

  it('has the model before its merge beside it, for when training diverges on what the merge has made', async () => {
    const beforeOf = async (folder: string) => {
      const { before } = (await open(folder).sound(lossOf, 10))!
      return before && [before.parameters[0], before.loss]
    }
    const merged = await emptyFolder()
    await run(merged, [[1, 0.75], [0.5, 0.25], [0.125]])
    expect(await beforeOf(merged)).toEqual([0.5, 0.25])
    // Of a model that no merge has made there is nothing to go back to.
    const poisoned = await emptyFolder()
    await run(poisoned, [[0.5, 9000]])
    expect(await beforeOf(poisoned)).toBeUndefined()
    await rm(join(merged, 'before-merge'), { recursive: true })
    expect(await beforeOf(merged)).toBeUndefined()
    // What JSON has no word for.
    const odd = open(await emptyFolder())
    await odd.trained(0, modelOf(0.5), Number.NaN, signal)
    await odd.ended(0, modelOf(0.25), signal)
    expect((await odd.sound(lossOf, 10))!.before!.loss).toBe(0)
  })

  it('takes a loss that is no number for the worst', async () => {
    const folder = await emptyFolder()
    await run(folder, [[2, 3]])
    const checkpoints = open(folder)
    const none = async (values: Float32Array): Promise<number> => (values[0] === 3 ? Number.NaN : 2)
    expect((await checkpoints.sound(none, 10))?.checkpoint.parameters[0]).toBe(2)
    expect(checkpoints.told[0]).toContain('is Infinity times')
  })

  it('copies the model before it lets go of it, and tells of a save that failed at the end of the round', async () => {
    const folder = await emptyFolder()
    const checkpoints = open(folder)
    const model = modelOf(0.25)
    await checkpoints.trained(0, model, 1, signal)
    model.fill(9000)
    await checkpoints.ended(0, model, signal)
    expect(await open(folder).found()).toEqual([1, 0.25])
    await checkpoints.trained(1, model, 1, AbortSignal.abort(new Error('enough')))
    await expect(checkpoints.ended(1, model, signal)).rejects.toThrow('enough')
  })
})
