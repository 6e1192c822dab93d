import {
  type Fields,
  fieldsIn,
  harmlessName,
  listIn,
  Malformed,
  namedIn,
  perhapsIn,
  textIn,
  wholeIn,
} from './fields.js'
import type { Cells, RecordLimits } from './limits.js'
import type { Members } from './members.js'
import type { OpenRound } from './round.js'
import type { Column, RunRecord, TestedColumns, WholeRound } from './shape.js'

/** What the events that are not of one peer's round add up to. */
export interface RunEvents {
  /** How each type is added; throws before anything is changed where an event is malformed. */
  readonly add: Readonly<Record<string, (event: Fields, round: number) => void>>
  run(): string | null
  baselines(): RunRecord['baselines']
}

/** What a baseline's round came to; without a test nothing. */
type BaselineTest = Omit<RunRecord['baselines']['centralised'][number], 'round'>

/** A round of the peers' own baselines. */
interface LocalRound {
  readonly tests: BaselineTest[]
  /** Of the figures beside: a column is made of each. */
  readonly names: Set<string>
}

export function createRunEvents(
  members: Members,
  at: (round: number) => OpenRound,
  { cells, limits }: { readonly cells: Cells; readonly limits: Pick<RecordLimits, 'names'> },
): RunEvents {
  const localOnly = new Map<number, LocalRound>()
  const alone: BaselineTest[] = []
  const centralised = new Map<number, BaselineTest>()
  let run: string | null = null
  return {
    add: {
      begin(event) {
        const id = textIn(event.run)
        members.name(listIn(event.members))
        run = id
      },
      members: (event, round) => members.replace(listIn(event.members), round),
      failed(event, round) {
        const peer = members.place(textIn(event.peer))
        members.lose(peer, round)
        at(round).fail(peer)
      },
      round(event, round) {
        const whole = wholeOf(event)
        at(round).close(whole)
        at(round).seen(perhapsIn(event.atMs))
      },
      baseline(event, round) {
        const beside = namedIn(event.beside).map(([name, value]) => [harmlessName(name), value] as const)
        if (beside.length > limits.names) throw new Malformed()
        const tested = { accuracy: perhapsIn(event.accuracy), beside: Object.fromEntries(beside) }
        if (event.name === 'centralised') centralised.set(round, tested)
        if (event.name !== 'localOnly') return
        const peer = members.place(textIn(event.peer))
        const known = localOnly.get(round)
        const { tests, names } = known ?? { tests: [], names: new Set<string>() }
        const fresh = beside.map(([name]) => name).filter(name => !names.has(name))
        if (names.size + fresh.length > limits.names) throw new Malformed()
        cells.addColumns(fresh.length + (known === undefined ? 1 : 0))
        for (const name of fresh) names.add(name)
        tests[peer] = tested
        localOnly.set(round, { tests, names })
        if (round + 1 === event.rounds) alone[peer] = tested
      },
    },
    run: () => run,
    baselines() {
      const peers = members.all().map((_, peer) => peer)
      return {
        localOnly: byRound(localOnly)
          .filter(([, { tests }]) => peers.every(peer => tests[peer] !== undefined))
          .map(([round, { tests, names }]) => ({ round, ...columnsOf(tests, peers.length, [...names]) })),
        alone: columnsOf(alone, peers.length, namesOf(alone).slice(0, limits.names)),
        centralised: byRound(centralised).map(([round, tested]) => ({ round, ...tested })),
      }
    },
  }
}

/** @param tests - by peer; those of some may be missing */
function columnsOf(
  tests: readonly (BaselineTest | undefined)[],
  peers: number,
  names: readonly string[],
): TestedColumns {
  const column = (of: (test: BaselineTest) => number | null | undefined): Column =>
    Array.from({ length: peers }, (_, peer) => (tests[peer] && of(tests[peer])) ?? null)
  return {
    accuracy: column(({ accuracy }) => accuracy),
    beside: Object.fromEntries(names.map(name => [name, column(({ beside }) => beside[name])])),
  }
}

function namesOf(tests: readonly (BaselineTest | undefined)[]): string[] {
  return [...new Set(tests.flatMap(test => Object.keys(test?.beside ?? {})))]
}

/** The entries of a map by number of the round. */
export function byRound<T>(map: ReadonlyMap<number, T>): (readonly [number, T])[] {
  return [...map].sort(([a], [b]) => a - b)
}

function wholeOf(event: Fields): WholeRound {
  const accuracy = event.accuracy === undefined ? {} : fieldsIn(event.accuracy)
  return {
    peers: wholeIn(event.peers),
    mean: perhapsIn(accuracy.mean),
    min: perhapsIn(accuracy.min),
    max: perhapsIn(accuracy.max),
    ofMean: perhapsIn(accuracy.ofMean),
    loss: perhapsIn(event.loss),
    consensusDistance: perhapsIn(event.consensusDistance),
    absent: perhapsIn(event.absent) ?? 0,
    silent: perhapsIn(event.silent) ?? 0,
    sentBytes: perhapsIn(event.sentBytes) ?? 0,
    seconds: perhapsIn(event.seconds) ?? 0,
  }
}
