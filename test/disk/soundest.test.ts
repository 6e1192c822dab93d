import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createCheckpoints } from '../../src/disk/index.js'
import { type Sound, soundest } from '../../src/disk/soundest.js'
import { allocate, headSection, layoutOf } from '../../src/tensors/index.js'
import { emptyFolder } from './children.js'

const { signal } = new AbortController()
const layout = layoutOf([
  { name: 'dense/kernel', shape: [2, 3] },
  { name: 'output/kernel', shape: [3] },
])
const head = headSection(layout, 'output')
const modelOf = (value: number): Float32Array => allocate(layout).fill(value)
const arrival = { peer: '12D3KooWanna', since: 3, isDoubtful: false, newMs: 0 }
/** Its loss is what the model's head is filled with. */
const lossOf = async (parameters: Float32Array): Promise<number> => parameters.at(-1)!

interface Opened {
  readonly told: string[]
  /** What a resumed peer goes on with. */
  sound(): Promise<Sound | undefined>
  /** Its next round, and what its model's head is filled with. */
  found(): Promise<readonly [round: number, value: number] | undefined>
  ended(round: number, before: number | undefined, after: number): Promise<void>
}

function open(folder: string, lossIncrease = 10, losses = lossOf): Opened {
  const told: string[] = []
  const tell = (line: string): void => void told.push(line)
  const runId = new Uint8Array(32).fill(7)
  const checkpoints = createCheckpoints({ folder, runId, layout, head: head.layout, onDamaged: tell })
  const sound = (): Promise<Sound | undefined> =>
    soundest({ checkpoints, folder, head, lossOf: losses, lossIncrease, tell })
  return {
    told,
    sound,
    async found() {
      const one = await sound()
      return one && [one.round, one.parameters.at(-1)!]
    },
    async ended(round, before, after) {
      const method = {
        ...(before !== undefined && { before: new Float32Array(head.layout.size).fill(before) }),
        tensors: [],
        numbers: { usual: [round] },
      }
      await checkpoints.save(
        { round: round + 1, name: 'boston', parameters: modelOf(after), method, heads: [], arrivals: [arrival] },
        signal,
      )
    },
  }
}

/** Rounds of these: the head before the merge, and the model behind it. */
async function run(folder: string, rounds: readonly (readonly [before: number | undefined, after: number])[]) {
  for (const [round, [before, after]] of rounds.entries()) await open(folder).ended(round, before, after)
}

describe('what a peer goes on with', () => {
  it('is the last merge, where that is sound, and what was kept beside it', async () => {
    const folder = join(await emptyFolder(), 'checkpoints')
    expect(await open(folder).found()).toBeUndefined()
    await run(folder, [
      [0.5, 0.4],
      [0.3, 0.2],
    ])
    const { sound, found, told } = open(folder)
    expect(await found()).toEqual([2, Math.fround(0.2)])
    const { method, heads } = (await sound())!.kept
    expect([[...method!.before!], method!.numbers, heads]).toEqual([
      Array(3).fill(Math.fround(0.3)),
      { usual: [1] },
      [],
    ])
    expect(told).toEqual([])
  })

  it('is the model before a merge that was poison, told of in one line; what came with the merge goes too', async () => {
    const folder = await emptyFolder()
    await run(folder, [
      [0.5, 0.5],
      [0.25, 9000],
    ])
    const { sound, told } = open(folder)
    // The body is nobody else's.
    expect(await sound()).toMatchObject({
      round: 2,
      parameters: Float32Array.from([...Array(6).fill(9000), ...Array(3).fill(0.25)]),
    })
    expect((await sound())!.kept).toEqual({ arrivals: [arrival] })
    expect(told[0]).toBe(
      `${folder}: the model of round 2 is passed over: its loss on own samples is 9.0e+3 times that of an uninformed answer (limits.lossIncrease); the model before the merge of round 2 goes on`,
    )
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

  it('passes over what is not finite, and what is damaged', async () => {
    const folder = await emptyFolder()
    await run(folder, [
      [0.5, 0.4],
      [0.25, Number.NaN],
    ])
    const { found, told } = open(folder)
    // Its body is no more finite than its head: only a merge's part can be taken back.
    expect(await found()).toEqual([1, Math.fround(0.4)])
    expect(told).toEqual([
      `${folder}: the model of round 2 is passed over: its numbers are not finite`,
      `${folder}: the model before the merge of round 2 is passed over: its numbers are not finite`,
    ])

    const damaged = await emptyFolder()
    await run(damaged, [
      [0.5, 0.4],
      [0.25, 0.2],
    ])
    const last = (await readdir(damaged)).sort().at(-1)!
    await writeFile(join(damaged, last), 'x')
    expect(await open(damaged).found()).toEqual([1, Math.fround(0.4)])
    await rm(join(damaged, last))
    expect(await open(damaged).found()).toEqual([1, Math.fround(0.4)])
  })

  it('has no model before a merge where nobody was merged', async () => {
    const folder = await emptyFolder()
    await run(folder, [
      [0.5, 0.4],
      [undefined, 9000],
    ])
    expect(await open(folder).found()).toEqual([1, Math.fround(0.4)])
  })

  it('takes a loss that is no number for the worst', async () => {
    const folder = await emptyFolder()
    await run(folder, [[2, 3]])
    const { found, told } = open(folder, 10, async values => (values.at(-1) === 3 ? Number.NaN : 2))
    expect(await found()).toEqual([1, 2])
    expect(told[0]).toContain('is Infinity times')
  })
})
