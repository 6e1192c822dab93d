import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Reporter, type RunEvent, reported } from '../../src/node/index.js'
import { never } from '../gossip/hosts.js'
import { reportedRun, trained } from '../watch/reporters/events.js'

const events = [trained('A', 0), trained('A', 1)]

async function* run(until = events.length): AsyncGenerator<RunEvent, string, undefined> {
  for (const event of events.slice(0, until)) yield event
  if (until < events.length) throw new Error('the run failed')
  return 'the result'
}

function reporting(reporters: readonly Reporter<string>[], until?: number, signal = never) {
  const endOf = (summary: string) => ({ how: 'finished', summary }) as const
  return reported(run(until), { run: reportedRun(), reporters, endOf, signal })
}

/** Writes down what it is called with. */
function noting(): Reporter<string> & { readonly noted: unknown[] } {
  const noted: unknown[] = []
  return {
    noted,
    onBegin: ({ id }) => void noted.push(id),
    onEvent: async event => void noted.push(event),
    onEnd: end => void noted.push(end),
  }
}

const { id } = reportedRun()

describe('a reporter', () => {
  it('hears of the run, of each event before who drives the run, and of its end', async () => {
    const reporter = noting()
    const driven = reporting([{}, reporter])
    for (let next = await driven.next(); ; next = await driven.next()) {
      if (next.done === true) break
      expect(reporter.noted.at(-1)).toBe(next.value)
    }
    expect(reporter.noted).toEqual([id, ...events, { how: 'finished', summary: 'the result' }])
  })

  it('that throws ends no run: it is warned of once, and not called again', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warn.mockRestore())
    const reporter = noting()
    let calls = 0
    const failing: Reporter<string> = {
      async onEvent() {
        calls += 1
        throw new Error('no more paper')
      },
      onEnd: () => expect.unreachable(),
    }
    for await (const _ of reporting([failing, reporter]));
    expect(calls).toBe(1)
    expect(warn.mock.calls.map(String)).toEqual([expect.stringContaining('no more paper')])
    expect(reporter.noted).toHaveLength(events.length + 2)
  })

  it('hears that a run failed, was left, or was interrupted', async () => {
    const failed = noting()
    await expect(reporting([failed], 0).next()).rejects.toThrow('the run failed')
    expect(failed.noted.at(-1)).toEqual({ how: 'failed' })
    const left = noting()
    for await (const _ of reporting([left])) break
    expect(left.noted).toEqual([id, events[0], { how: 'interrupted' }])
    const interrupted = noting()
    await expect(reporting([interrupted], 0, AbortSignal.abort()).next()).rejects.toThrow('the run failed')
    expect(interrupted.noted.at(-1)).toEqual({ how: 'interrupted' })
  })
})
