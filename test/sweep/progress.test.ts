import { expect, it } from 'vitest'
import { createSweepProgress, type PlannedRun, sweepLines } from '../../src/sweep/index.js'
import { screenText } from '../../src/sweep/reporters/screen.js'
import { planned } from './plans.js'

/** Three runs, of which the second has twice the rounds. */
async function threeRuns(): Promise<PlannedRun[]> {
  const { runs } = await planned('base: { data: digits, model: logistic, peers: 2 }\nvary: { rounds: [10, 20, 11] }\n')
  return [...runs]
}

it('the time left is foretold from the rounds of finished runs', async () => {
  const runs = await threeRuns()
  let now = 0
  const progress = createSweepProgress(runs, 0, 1, () => now)
  expect([progress.done, progress.waiting, progress.secondsLeft()]).toEqual([0, 3, undefined])
  progress.add({ type: 'begun', run: runs[0]!, rounds: 0 })
  now = 10_000
  progress.add({ type: 'ended', run: runs[0]!, end: { state: 'done' } })
  expect([progress.done, progress.waiting, progress.secondsLeft()]).toEqual([1, 2, 31])
  progress.add({ type: 'begun', run: runs[1]!, rounds: 10 })
  progress.note(runs[1]!, 15)
  expect(progress.secondsLeft()).toBeCloseTo(5 + 11, 9)
  progress.add({ type: 'ended', run: runs[1]!, end: { state: 'failed', reason: 'no reason' } })
  expect([progress.done, progress.failed, progress.waiting]).toEqual([1, 1, 1])
})

it('a terminal shows the runs that go on and what has failed, in lines that fit', async () => {
  const runs = await threeRuns()
  const progress = createSweepProgress(runs, 4, 2, () => 0)
  progress.add({ type: 'begun', run: runs[0]!, rounds: 0 })
  progress.add({ type: 'begun', run: runs[1]!, rounds: 3 })
  const text = screenText(progress, [`rounds 11: ${'long '.repeat(40)}`], 7, 60, 65_000)
  expect(text).toContain('4/7 runs')
  expect(text).toContain('2 running, 1 waiting')
  expect(text).toMatch(/^rounds 10 +.*round 1\/10 {3}65 s/m)
  expect(text).toMatch(/^rounds 20 +.*round 4\/20 {3}65 s/m)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  for (const line of text.replace(/\x1b\[\d+m/g, '').split('\n')) expect(line.length).toBeLessThan(60)
})

it('elsewhere each run that begins or ends is a line, and no foreign text makes another', async () => {
  const [run] = await threeRuns()
  const lines: string[] = []
  const progress = createSweepProgress([run!], 0, 1, () => 0)
  const show = sweepLines({ write: (text: string) => lines.push(text) > 0 }, progress)
  show({ type: 'begun', run: run!, rounds: 2 })
  progress.add({ type: 'ended', run: run!, end: { state: 'done' } })
  show({ type: 'ended', run: run!, end: { state: 'done' } })
  show({ type: 'ended', run: run!, end: { state: 'failed', reason: 'bad\nerror: forged' } })
  expect(lines).toEqual([
    'begun      rounds 10, behind round 2\n',
    'done       rounds 10  (1 run)\n',
    'failed     rounds 10: bad\\nerror: forged\n',
  ])
})
