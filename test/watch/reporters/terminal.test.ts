import { describe, expect, it } from 'vitest'
import type { ReportedRun, RunEvent } from '../../../src/node/index.js'
import { terminalReporter } from '../../../src/watch/index.js'
import { createScreen, notes, reportedRun, round, trained } from './events.js'

function begun(changes: Partial<ReportedRun> = {}): { show(event: RunEvent): void; end(): void; lines(): string[] } {
  const { stream, lines } = createScreen()
  const reporter = terminalReporter(stream)
  reporter.onBegin!(reportedRun(changes))
  return {
    show: event => void reporter.onEvent!(event),
    end: () => void reporter.onEnd!({ how: 'finished' }),
    lines,
  }
}

describe('progress on a terminal', () => {
  it('leaves the last state standing', () => {
    const { show, end, lines } = begun()
    for (const event of [trained('A', 0), trained('B', 0), trained('A', 1), trained('B', 1), round, ...notes]) {
      show(event)
    }
    end()
    const last = lines().slice(-6).join('\n')
    expect(last).toContain('round 2/4')
    expect(last).toContain('25.0 % to 75.0 %')
    expect(last).toContain('after round 2')
    expect(last).toContain('anna was killed in round 2')
    expect(last).toContain('█')
  })

  it('says that the baselines run as soon as the last round is over', () => {
    const { show, end, lines } = begun({ baselines: true })
    show({ ...round, round: 3 })
    end()
    expect(lines().join('\n')).toContain('baselines: each alone, and all data in one place')
  })

  it('keeps the last accuracy while rounds end without a test', () => {
    const { show, end, lines } = begun()
    const { accuracy, ...untested } = round
    show(round)
    show({ ...untested, round: 2, consensusDistance: 0.0625 })
    end()
    const last = lines().slice(-3).join('\n')
    expect(last).toContain(`averaged model 60.0 %`)
    expect(last).toContain('consensus 0.0625')
    expect(last).toContain('after round 3')
  })
})
