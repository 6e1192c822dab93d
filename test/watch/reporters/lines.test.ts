import { describe, expect, it } from 'vitest'
import type { ReportedRun, RunEvent } from '../../../src/node/index.js'
import { linesReporter } from '../../../src/watch/index.js'
import { createScreen, notes, reportedRun, round, trained } from './events.js'

function begun(changes: Partial<ReportedRun> = {}): { show(event: RunEvent): void; lines(): string[] } {
  const { stream, lines } = createScreen()
  const reporter = linesReporter(stream)
  reporter.onBegin!(reportedRun(changes))
  return { show: event => void reporter.onEvent!(event), lines }
}

describe('progress that is not on a terminal', () => {
  it('is one line a round, and nothing for what is in order', () => {
    const { show, lines } = begun()
    show({ type: 'joined', atMs: 0, round: 0, peer: 'A', heard: 1, missing: [] })
    for (const event of [trained('A', 0), trained('B', 0), trained('A', 1), trained('B', 1)]) show(event)
    show({
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
    show(round)
    expect(lines()).toEqual([
      expect.stringMatching(
        /^round 2\/4 {2}accuracy 50\.0 % \(25\.0 % to 75\.0 %; averaged model 60\.0 %\) {2}consensus 0\.125 {2}sent 12\.3 kB {2}1 s left$/,
      ),
    ])
  })

  it('shows the loss of a round that ended without a test', () => {
    const { show, lines } = begun()
    const { accuracy, ...untested } = round
    show(untested)
    expect(lines()).toEqual([expect.stringMatching(/^round 2\/4 {2}loss 1\.00 {2}consensus 0\.125 {2}sent/)])
  })

  it('says beside accuracy what it hides where a class is rare', () => {
    const { show, lines } = begun()
    const same = (value: number) => ({ mean: value, min: value, max: value })
    const beside = { balancedAccuracy: same(0.5), rarestRecall: same(0), rarest: { class: 1, samples: 175 } }
    show({ ...round, beside })
    show({ ...round, beside: { ...beside, isUnbalanced: true } })
    show({ ...round, beside: { mae: same(3.25), rmse: same(4.5) } })
    const [balanced, unbalanced, numbers] = lines()
    expect(balanced).not.toContain('balanced')
    expect(unbalanced).toContain(
      'averaged model 60.0 %)  balanced 50.0 %, fraud found 0.0 % (0.0 % to 0.0 %)  consensus',
    )
    expect(numbers).toContain('  MAE 3.25, RMSE 4.5  ')
  })

  it('has the primary figure before the measure', () => {
    const { evaluation, ...manifest } = reportedRun().manifest
    const run = begun({ manifest: { ...manifest, evaluation: { ...evaluation, primary: 'auroc' } } })
    run.show({ ...round, beside: { auroc: { mean: 0.93, min: 0.9, max: 0.95 } } })
    run.show(round)
    const [with_, without] = run.lines()
    expect(with_).toContain('round 2/4  AUROC 0.930 (0.900 to 0.950)  accuracy 50.0 %')
    expect(without).toContain('round 2/4  accuracy 50.0 %')
  })

  it('has a line for what is out of the ordinary, rounds counted from 1', () => {
    const { show, lines } = begun()
    for (const event of notes) show(event)
    expect(lines()).toEqual([
      'bert begins without its neighbours anna, dora: no record of them came in time',
      'anna was killed in round 2',
      'round 2: bert merged without anna (gone), dora (late)',
    ])
  })

  it('tells of the baselines when they begin, now and then, and when the last of them is done', () => {
    const manifest = { ...reportedRun().manifest, peers: 2, rounds: 6 }
    const { show, lines } = begun({ manifest, baselines: true })
    show({ ...round, round: 5 })
    expect(lines()).toEqual([expect.stringMatching(/^round 6\/6 .* {2}now the baselines, .* left$/)])
    for (const name of ['centralised', 'localOnly', 'localOnly'] as const) {
      for (let done = 0; done < 6; done++) {
        show({ type: 'baseline', atMs: 0, name, round: done, rounds: 6, accuracy: 0.5 })
      }
    }
    expect(lines().slice(1)).toEqual([expect.stringMatching(/^baselines {2}round 5\/6/), 'baselines  round 6/6'])
  })
})
