import { type Fields, fieldsIn, listIn, perhapsIn, textIn, wholeIn } from './fields.js'
import type { Cells } from './limits.js'
import type { Members } from './members.js'
import type { OpenRound } from './round.js'
import type { RunRecord, WholeRound } from './shape.js'

/** What the events that are not of one peer's round add up to. */
export interface RunEvents {
  /** How each type is added; throws before anything is changed where an event is malformed. */
  readonly add: Readonly<Record<string, (event: Fields, round: number) => void>>
  run(): string | null
  baselines(): RunRecord['baselines']
}

export function createRunEvents(members: Members, at: (round: number) => OpenRound, cells: Cells): RunEvents {
  const localOnly = new Map<number, (number | null)[]>()
  const alone: (number | null)[] = []
  const centralised = new Map<number, number | null>()
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
        const accuracy = perhapsIn(event.accuracy)
        if (event.name === 'centralised') centralised.set(round, accuracy)
        if (event.name !== 'localOnly') return
        const peer = members.place(textIn(event.peer))
        if (!localOnly.has(round)) cells.addColumns(1)
        const column = localOnly.get(round) ?? []
        column[peer] = accuracy
        localOnly.set(round, column)
        if (round + 1 === event.rounds) alone[peer] = accuracy
      },
    },
    run: () => run,
    baselines() {
      const peers = members.all().map((_, peer) => peer)
      return {
        localOnly: byRound(localOnly)
          .filter(([, column]) => peers.every(peer => column[peer] !== undefined))
          .map(([round, column]) => ({ round, accuracy: [...column] })),
        alone: peers.map(peer => alone[peer] ?? null),
        centralised: byRound(centralised).map(([round, accuracy]) => ({ round, accuracy })),
      }
    },
  }
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
    sentBytes: perhapsIn(event.sentBytes) ?? 0,
    seconds: perhapsIn(event.seconds) ?? 0,
  }
}
