import type { Quality } from '../data/index.js'
import type { FinalMerge, Neighbourhood, Session } from '../methods/index.js'
import type { ContributionSpent } from '../privacy/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import { copyInSlices } from '../turns.js'
import { byId } from './by-id.js'
import type { Happening, RoundHappening } from './events.js'
import type { Federation } from './membership/federation.js'
import type { Member } from './membership/member.js'

export interface RoundsInit {
  readonly rounds: number
  /** The round this peer begins with: for one that joined late or was away, that of the others. @default 0 */
  readonly first?: number
  /**
   * Called before each round. Resolves with the round that the others are in, with a head of theirs copied into ours if
   * that is a later one; a peer that comes back ahead of them goes back. Left out, no peer ever falls behind.
   */
  readonly catchUp?: (round: number, signal: AbortSignal) => Promise<number>
  /** The whole model. Local training and the merge both write here, in turn. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  /** What happens in a round. */
  readonly session: Pick<Session, 'train' | 'exchange' | 'finish' | 'isUntested' | 'evaluate' | 'evaluateBefore'>
  /** The peers to exchange with. Left out, the peer learns alone whatever the session. */
  readonly federation?: Federation
  /** What training has cost in privacy so far, where that is counted. */
  readonly spent?: () => ContributionSpent | undefined
  /** Whether the members of a round are reported, because they change. @default false */
  readonly reportsMembers?: boolean
  /** Does the last round end with a final merge? @default false */
  readonly endsMerged?: boolean
  /** Is the model also tested before the merge, during the exchange? @default false */
  readonly testsBefore?: boolean
  /** Rounds from one test to the next; the last round ends with one in any case. */
  readonly evaluateEvery: number
  /** Has every test the figures that need all answers at once, not only the last one? @default false */
  readonly alwaysGrades?: boolean
}

/** Begins to test the model that the merge is about to change. @returns once the model is copied */
async function startBefore(
  { session, parameters }: RoundsInit,
  signal: AbortSignal,
): Promise<{ readonly tested: Promise<Quality> } | undefined> {
  if (session.evaluateBefore === undefined) return undefined
  const copy = new Float32Array(new SharedArrayBuffer(parameters.byteLength))
  await copyInSlices(copy, parameters)
  const tested = session.evaluateBefore(copy, signal)
  // Awaited only after the merge, which may fail first.
  tested.catch(() => {})
  return { tested }
}

/** Only the matrix of the merged model is shown. */
function withoutMatrix({ confusion: _, ...tested }: Quality): Quality {
  return tested
}

/** The events of a final merge, by ids. @returns what it has come to */
async function* finished(
  merging: ReturnType<NonNullable<Session['finish']>>,
  round: number,
  { members }: Neighbourhood<Member>,
): AsyncGenerator<RoundHappening, FinalMerge, undefined> {
  for (;;) {
    const { done, value } = await merging.next()
    if (done === true) return value
    yield { round, ...byId(value, members) }
  }
}

function compared(
  { isMerged, missed }: FinalMerge,
  { members }: Neighbourhood<Member>,
  { accuracy: own }: Quality,
  { accuracy: merged }: Quality,
): Omit<Extract<Happening, { type: 'final' }>, 'type'> {
  const ids = missed.map(peer => members[peer]!.peerId.toString())
  return { isMerged, missed: ids, own, merged, better: own > merged ? 'own' : 'merged' }
}

/** One peer's rounds: train, exchange and merge, evaluate (ALGORITHMS.md 1). The only implementation of a round. */
export async function* runRounds(
  init: RoundsInit,
  signal: AbortSignal,
): AsyncGenerator<RoundHappening, void, undefined> {
  const { parameters, session, federation, reportsMembers = false } = init
  const exchange = federation && session.exchange
  const head = headOf(parameters, init.head)
  let known = ''
  for (let round = init.first ?? 0; round < init.rounds; round++) {
    const startedAt = performance.now()
    const others = (await init.catchUp?.(round, signal)) ?? round
    if (others !== round) {
      yield { type: 'caught-up', round, to: others }
      round = Math.min(others, init.rounds - 1)
    }
    const trained = await session.train(round, signal)
    if (trained === undefined) yield { type: 'idle', round }
    else {
      const { loss, samples, seconds, gradients } = trained
      const spent = init.spent?.()
      const privacy = spent && { ...spent, ...(gradients && { gradients }) }
      yield { type: 'trained', round, loss, samples, seconds, ...(privacy && { privacy }) }
    }

    const isLast = round + 1 === init.rounds
    const isTested = (round + 1) % init.evaluateEvery === 0 || isLast
    // Valid for all steps of the round: peers that come or go meanwhile count from the next one on.
    const where = exchange && federation!.at(round)
    const isSilent = where?.topology.isSilent(round, where.self) === true
    const finish = isLast && init.endsMerged === true ? session.finish : undefined
    let before = isTested && where && !isSilent && init.testsBefore === true && (await startBefore(init, signal))
    let final: FinalMerge | undefined
    if (where !== undefined) {
      const members = reportsMembers ? where.members.map(({ peerId, name }) => ({ peer: peerId.toString(), name })) : []
      const ids = members.map(({ peer }) => peer).join()
      if (ids !== known) yield { type: 'members', round, members }
      known = ids
      if (isSilent) yield { type: 'silent', round }
      else {
        for await (const event of exchange!({ round, where, head }, signal)) {
          yield { round, ...byId(event, where.members) }
        }
      }
      if (finish !== undefined) {
        before = await startBefore(init, signal)
        final = yield* finished(finish({ round, where, head }, signal), round, where)
      }
    }

    if (isTested && (isLast || (session.isUntested?.() ?? true))) {
      const tested = await session.evaluate(round, signal, isLast || (init.alwaysGrades ?? false))
      const own = before ? withoutMatrix(await before.tested) : undefined
      yield { type: 'evaluated', round, ...tested, ...(own && { before: own }) }
      if (final !== undefined && own !== undefined)
        yield { type: 'final', round, ...compared(final, where!, own, tested) }
    }
    yield { type: 'ended', round, seconds: (performance.now() - startedAt) / 1000 }
  }
  yield { type: 'finished', round: init.rounds - 1, rounds: init.rounds }
}
