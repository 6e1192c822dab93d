import {
  arrayIn,
  type Fields,
  fieldsIn,
  harmlessName,
  listIn,
  Malformed,
  namedIn,
  numberIn,
  perhapsIn,
  reasonIn,
  textIn,
  wholeIn,
} from './fields.js'
import type { Members } from './members.js'
import type { OpenRound } from './round.js'

/** Whose event it is, and the round that it belongs to. */
export interface PeerContext {
  readonly peer: number
  readonly round: OpenRound
  readonly atMs: number | null
}

/** What an event of a peer adds to its round. */
export type AddPeerEvent = (event: Fields, context: PeerContext) => void

/** Fields of `evaluated` that are plain numbers and do not stand beside the measure. */
const notBeside = new Set(['atMs', 'round', 'accuracy', 'loss'])

type Named = readonly (readonly [name: string, value: number | null])[]

/** How each type of a peer's events is added. Throws before anything is changed where one is malformed. */
export function createPeerEvents(members: Members): Readonly<Record<string, AddPeerEvent>> {
  /** When the last step of a peer's round was done: the next one's duration is counted from it. */
  const stepMs = new Map<number, number>()
  const sinceLastStep = (peer: number, atMs: number | null): number | null => {
    const before = stepMs.get(peer)
    if (atMs !== null) stepMs.set(peer, atMs)
    return before === undefined || atMs === null ? null : Math.max(0, atMs - before) / 1000
  }

  /** Notes what the method reports of a merge or a test, and what stands beside a test's measure. */
  function report({ figures, perPeer }: Fields, { peer, round }: PeerContext, beside: Named = []): void {
    const reported = harmless(namedIn(figures))
    const rows = perPeer === undefined ? [] : harmless(Object.entries(fieldsIn(perPeer)))
    const placed = rows.map(
      ([name, row]) => [name, namedIn(row).map(([id, value]) => [members.place(id), value] as const)] as const,
    )
    round.admit(peer, { beside: namesOf(beside), figures: namesOf(reported), rows: namesOf(placed) })
    for (const [name, value] of beside) round.set('beside', name, peer, value)
    for (const [name, value] of reported) round.set('figures', name, peer, value)
    for (const [name, row] of placed) round.setRow(name, peer, row)
  }

  return {
    trained(event, { peer, round, atMs }) {
      const [loss, samples, seconds] = [numberIn(event.loss), numberIn(event.samples), numberIn(event.seconds)]
      round.reset(peer)
      sinceLastStep(peer, atMs)
      round.set('columns', 'loss', peer, loss)
      round.set('columns', 'samples', peer, samples)
      round.set('columns', 'trainSeconds', peer, seconds)
    },
    exchanged({ received, absent, waitSeconds }, { peer, round, atMs }) {
      const waited = numberIn(waitSeconds) ?? 0
      const misses = listIn(absent).map(miss => ({
        peer,
        of: members.place(textIn(miss.peer)),
        reason: reasonIn(miss.reason),
      }))
      const from = arrayIn(received).map(id => members.place(textIn(id)))
      round.miss('absent', peer, misses)
      sinceLastStep(peer, atMs)
      round.set('columns', 'waitSeconds', peer, (round.get('waitSeconds', peer) ?? 0) + waited)
      round.join(from, peer)
    },
    aggregated({ received }, { peer, round }) {
      const from = arrayIn(received).map(id => members.place(textIn(id)))
      round.join(from, peer)
    },
    refused({ heads, tooStrict }, { peer, round }) {
      const misses = listIn(heads).map(head => ({
        peer,
        of: members.place(textIn(head.peer), head.name),
        reason: reasonIn(head.reason),
      }))
      const hint = tooStrict === undefined ? undefined : fieldsIn(tooStrict)
      const told = hint && { peer, field: harmlessName(textIn(hint.field)), apart: numberIn(hint.apart) }
      round.miss('refused', peer, misses)
      if (told !== undefined) round.hint(told)
    },
    merged(event, context) {
      const { peer, round, atMs } = context
      const distance = perhapsIn(event.localDistance)
      report(event, context)
      round.set('columns', 'mergeSeconds', peer, sinceLastStep(peer, atMs))
      round.set('columns', 'localDistance', peer, distance)
    },
    evaluated(event, context) {
      const { peer, round, atMs } = context
      const [accuracy, loss] = [numberIn(event.accuracy), perhapsIn(event.loss)]
      const before = event.before === undefined ? null : perhapsIn(fieldsIn(event.before).accuracy)
      const named = Object.entries(event).filter(([name, value]) => typeof value === 'number' && !notBeside.has(name))
      const beside = harmless(named).map(([name, value]) => [name, numberIn(value)] as const)
      report(event, context, before === null ? beside : [...beside, ['before', before]])
      round.set('columns', 'evaluateSeconds', peer, sinceLastStep(peer, atMs))
      round.set('columns', 'accuracy', peer, accuracy)
      round.set('columns', 'testLoss', peer, loss)
    },
    silent(_, { peer, round }) {
      round.silence(peer)
    },
    final({ isMerged, missed }, { peer, round }) {
      if (typeof isMerged !== 'boolean') throw new Malformed()
      round.end({ peer, isMerged, missed: arrayIn(missed).length })
    },
    ended({ seconds }, { peer, round }) {
      round.set('columns', 'roundSeconds', peer, numberIn(seconds))
    },
    'caught-up'({ to }, { peer, round }) {
      round.catchUp(peer, wholeIn(to))
    },
  }
}

function harmless<T>(entries: readonly (readonly [name: string, value: T])[]): (readonly [string, T])[] {
  return entries.map(([name, value]) => [harmlessName(name), value])
}

function namesOf(entries: readonly (readonly [name: string, value: unknown])[]): string[] {
  return entries.map(([name]) => name)
}
