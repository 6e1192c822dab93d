import type { ReportedRun, RunEvent } from '../node/index.js'
import { duration } from './text.js'

export interface TimeLeftInit {
  readonly peers: number
  readonly rounds: number
  /** Rounds that were whole before this process. @default 0 */
  readonly first?: number
  /** Rounds from one test to the next; the last round is tested in any case. */
  readonly evaluateEvery: number
  readonly baselines: boolean
  /** Milliseconds since whenever. @default performance.now */
  readonly now?: () => number
}

/** Estimates how long a run will take yet, from the time of its rounds so far. */
export interface TimeLeft {
  add(event: RunEvent): void
  /** Undefined as long as nothing is known, which is until the first round is whole; 0 when all is done. */
  seconds(): number | undefined
}

/** Rounds remembered of each kind: a machine may become busy, or free. */
const remembered = 5

/**
 * What baselines take, in units of the peers' rounds, before they have begun: each peer alone trains as much again, and
 * all data in one place too. In eight peers' default run they took 1.9 times as long as its rounds, on two cores.
 */
const baselinesShare = 2

/**
 * Rounds with a test and rounds without one are different: each kind is estimated from its own, where there was one.
 * The first round, in which everything is compiled and loaded, only counts until there is another. Baselines are
 * estimated from their own pace as soon as it is known, each separately, since they run side by side.
 */
export function createTimeLeft({
  peers,
  rounds,
  evaluateEvery,
  baselines,
  first = 0,
  now = performance.now.bind(performance),
}: TimeLeftInit): TimeLeft {
  const times = { tested: [] as number[], untested: [] as number[] }
  /** When the last round was whole; before that, when the peers had met. */
  let lastEnd = now()
  let next = first
  let isWarm = false
  let wholeSeconds = 0
  let baselinesBegan: number | undefined
  const done = { localOnly: 0, centralised: 0 }

  const isTested = (round: number): boolean => (round + 1) % evaluateEvery === 0 || round + 1 === rounds
  const kindOf = (round: number): 'tested' | 'untested' => (isTested(round) ? 'tested' : 'untested')

  function expected(round: number): number {
    const own = times[kindOf(round)]
    const known = own.length > 0 ? own : [...times.tested, ...times.untested]
    return mean(known)
  }

  function endRound(round: number): void {
    const at = now()
    const seconds = (at - lastEnd) / 1000
    lastEnd = at
    // Several may come out at once: each counts an equal share of their time.
    const ended = Math.max(1, round + 1 - next)
    if (next > first && !isWarm) {
      isWarm = true
      times.tested.length = times.untested.length = 0
    }
    next = round + 1
    const own = times[kindOf(round)]
    own.push(seconds / ended)
    if (own.length > remembered) own.shift()
    wholeSeconds += seconds
  }

  function ofRounds(): number {
    if (next >= rounds) return 0
    const current = Math.max(0, expected(next) - (now() - lastEnd) / 1000)
    let left = current
    for (let round = next + 1; round < rounds; round++) left += expected(round)
    return left
  }

  function ofBaselines(left: number): number {
    if (!baselines) return 0
    const total = { localOnly: peers * rounds, centralised: rounds }
    if (baselinesBegan === undefined) return baselinesShare * (wholeSeconds + left)
    const elapsed = (now() - baselinesBegan) / 1000
    const rest = (['localOnly', 'centralised'] as const).map(name => {
      const share = done[name] / total[name]
      return share === 0 ? Math.max(0, baselinesShare * wholeSeconds - elapsed) : (elapsed * (1 - share)) / share
    })
    return Math.max(...rest)
  }

  return {
    add(event) {
      // The peers meet before their rounds; a later `joined` does not count.
      if (event.type === 'joined' && next === first) lastEnd = now()
      if (event.type === 'round') endRound(event.round)
      if (event.type === 'baseline') {
        // The baselines began when the rounds had ended; the first of their rounds is over now.
        baselinesBegan ??= lastEnd
        done[event.name] += 1
      }
    },
    seconds() {
      const isKnown = times.tested.length + times.untested.length > 0
      if (!isKnown && (next < rounds || baselinesBegan === undefined)) return undefined
      const left = ofRounds()
      return left + ofBaselines(left)
    },
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The same of a run that is reported on, as text: nothing while nothing is known, and when nothing is left. */
export function createTimeLeftText(
  { manifest, rounds: first, baselines }: ReportedRun,
  now?: () => number,
): { add(event: RunEvent): void; text(): string } {
  const { peers, rounds, evaluation } = manifest
  const left = createTimeLeft({ peers, rounds, first, baselines, evaluateEvery: evaluation.every, ...(now && { now }) })
  return {
    add: left.add,
    text() {
      const seconds = left.seconds()
      return seconds === undefined || seconds === 0 ? '' : `${duration(Math.max(1, seconds))} left`
    },
  }
}
