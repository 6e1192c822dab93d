import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { RoundFigures, RunEvent } from '../../src/node/index.js'
import { createProgress, type Progress } from '../../src/watch/index.js'

interface Screen {
  readonly progress: Progress
  lines(): string[]
}

function screenOf(terminal: boolean, baselines = false, now = () => performance.now()): Screen {
  let text = ''
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk)
        done()
      },
    }),
    { isTTY: terminal, columns: 100, rows: 30 },
  )
  const progress = createProgress({
    peers: 2,
    rounds: 4,
    baselines,
    evaluateEvery: 1,
    now,
    measure: 'accuracy',
    names: new Map([...'ABCD'].map((id, at) => [id, ['anna', 'bert', 'carl', 'dora'][at]!])),
    classes: ['honest', 'fraud'],
    stream: stream as unknown as NodeJS.WriteStream,
  })
  return { progress, lines: () => stripVTControlCharacters(text).trimEnd().split('\n') }
}

const trained = (peer: string, round: number): RunEvent => ({
  type: 'trained',
  atMs: 0,
  peer,
  round,
  loss: 1,
  samples: 10,
  seconds: 1,
})

const round: RoundFigures & { readonly atMs: number } = {
  type: 'round',
  atMs: 0,
  round: 1,
  peers: 2,
  accuracy: { mean: 0.5, min: 0.25, max: 0.75, ofMean: 0.6 },
  loss: 1,
  consensusDistance: 0.125,
  absent: 0,
  samples: 40,
  sentBytes: 12_345,
  seconds: 2,
}

const notes: readonly RunEvent[] = [
  { type: 'joined', atMs: 0, round: 0, peer: 'B', heard: 0, missing: ['A', 'D'] },
  { type: 'failed', atMs: 0, peer: 'A', round: 1 },
  {
    type: 'exchanged',
    atMs: 0,
    peer: 'B',
    round: 1,
    step: 0,
    received: [],
    absent: [
      { peer: 'A', reason: 'gone' },
      { peer: 'D', reason: 'late' },
    ],
    waitSeconds: 1,
  },
]

describe('progress that is not on a terminal', () => {
  it('is one line a round, and nothing for what is in order', () => {
    const { progress, lines } = screenOf(false)
    progress.show({ type: 'joined', atMs: 0, round: 0, peer: 'A', heard: 1, missing: [] })
    for (const event of [trained('A', 0), trained('B', 0), trained('A', 1), trained('B', 1)]) progress.show(event)
    progress.show({
      type: 'exchanged',
      atMs: 0,
      peer: 'A',
      round: 0,
      step: 0,
      received: ['B'],
      absent: [],
      waitSeconds: 0,
    })
    expect(lines()).toEqual([''])
    progress.show(round)
    progress.done()
    expect(lines()).toEqual([
      expect.stringMatching(
        /^round 2\/4 {2}accuracy 50\.0 % \(25\.0 % to 75\.0 %; averaged model 60\.0 %\) {2}consensus 0\.125 {2}sent 12\.3 kB {2}1 s left$/,
      ),
    ])
  })

  it('shows the loss of a round that ended without a test', () => {
    const { progress, lines } = screenOf(false)
    const { accuracy, ...untested } = round
    progress.show(untested)
    expect(lines()).toEqual([expect.stringMatching(/^round 2\/4 {2}loss 1\.00 {2}consensus 0\.125 {2}sent/)])
  })

  it('says beside accuracy what it hides where a class is rare', () => {
    const { progress, lines } = screenOf(false)
    const same = (value: number) => ({ mean: value, min: value, max: value })
    const beside = { balancedAccuracy: same(0.5), rarestRecall: same(0), rarest: { class: 1, samples: 175 } }
    progress.show({ ...round, beside })
    progress.show({ ...round, beside: { ...beside, isUnbalanced: true } })
    progress.show({ ...round, beside: { mae: same(3.25), rmse: same(4.5) } })
    const [balanced, unbalanced, numbers] = lines()
    expect(balanced).not.toContain('balanced')
    expect(unbalanced).toContain(
      'averaged model 60.0 %)  balanced 50.0 %, fraud found 0.0 % (0.0 % to 0.0 %)  consensus',
    )
    expect(numbers).toContain('  MAE 3.25, RMSE 4.5  ')
  })

  it('has a line for what is out of the ordinary, rounds counted from 1', () => {
    const { progress, lines } = screenOf(false)
    for (const event of notes) progress.show(event)
    expect(lines()).toEqual([
      'bert begins without its neighbours anna, dora: not heard of in time',
      'anna was killed in round 2',
      'round 2: bert merged without anna (gone), dora (late)',
    ])
  })

  it('tells of the baselines now and then', () => {
    const { progress, lines } = screenOf(false, true)
    for (let done = 0; done < 5; done++) {
      progress.show({ type: 'baseline', atMs: 0, name: 'localOnly', round: done, rounds: 5, accuracy: 0.5 })
      progress.show({ type: 'baseline', atMs: 0, name: 'centralised', round: done, rounds: 5, accuracy: 0.5 })
    }
    expect(lines()).toEqual(['baselines  round 5/4'])
  })
})

describe('progress on a terminal', () => {
  it('leaves the last state standing', () => {
    const { progress, lines } = screenOf(true)
    for (const event of [trained('A', 0), trained('B', 0), trained('A', 1), trained('B', 1), round, ...notes]) {
      progress.show(event)
    }
    progress.done()
    const last = lines().slice(-6).join('\n')
    expect(last).toContain('round 2/4')
    expect(last).toContain('25.0 % to 75.0 %')
    expect(last).toContain('after round 2')
    expect(last).toContain('anna was killed in round 2')
    expect(last).toContain('█')
  })

  it('keeps the last accuracy while rounds end without a test', () => {
    const { progress, lines } = screenOf(true)
    const { accuracy, ...untested } = round
    progress.show(round)
    progress.show({ ...untested, round: 2, consensusDistance: 0.0625 })
    progress.done()
    const last = lines().slice(-3).join('\n')
    expect(last).toContain(`averaged model 60.0 %`)
    expect(last).toContain('consensus 0.0625')
    expect(last).toContain('after round 3')
  })
})
