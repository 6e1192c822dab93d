import type { Quality } from '../data/index.js'
import type { TrainReport } from '../learner/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import { copyInSlices } from '../turns.js'
import type { PeerEvent, Tested } from './events.js'
import type { Gossip } from './gossip.js'

export interface RoundsInit {
  readonly self: number
  readonly rounds: number
  /** Where this peer begins: who joined late or was away begins where the others are. @default 0 */
  readonly first?: number
  /**
   * Asked before each round: where the others are by now, with their head put into ours if that is further; who comes
   * back ahead of them goes back. Left out,
   * nobody is ever left behind.
   */
  readonly catchUp?: (round: number, signal: AbortSignal) => Promise<number>
  /** Local training, of `parameters` in place. */
  readonly train: (round: number, signal: AbortSignal) => Promise<Pick<TrainReport, 'loss' | 'samples' | 'seconds'>>
  /** The whole model. Local training and the merge both write here, in turn. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  /** Left out, the peer learns alone (`merge: none`). */
  readonly gossip?: Gossip['round']
  /** Tests what the round has made. */
  readonly evaluate: (round: number, signal: AbortSignal) => Promise<Tested>
  /**
   * Tests a copy of the model as it was before the merge, beside the exchange. Left out, or without gossip, nobody does.
   */
  readonly evaluateBefore?: ((parameters: Float32Array, signal: AbortSignal) => Promise<Quality>) | undefined
  /** Rounds from one test to the next; the last round ends with one in any case. */
  readonly evaluateEvery: number
}

/** Begins to test what the merge is about to change. @returns once the model is copied */
async function startBefore(
  { evaluateBefore, parameters }: RoundsInit,
  signal: AbortSignal,
): Promise<{ readonly tested: Promise<Quality> } | undefined> {
  if (evaluateBefore === undefined) return undefined
  const copy = new Float32Array(new SharedArrayBuffer(parameters.byteLength))
  await copyInSlices(copy, parameters)
  const tested = evaluateBefore(copy, signal)
  // Looked at only once the merge is over, which may fail first.
  tested.catch(() => {})
  return { tested }
}

/** One peer's rounds: train, gossip, evaluate after the merge (ALGORITHMS.md 1). The only implementation of a round. */
export async function* runRounds(init: RoundsInit, signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined> {
  const { self, parameters, gossip } = init
  const head = headOf(parameters, init.head)
  for (let round = init.first ?? 0; round < init.rounds; round++) {
    const startedAt = performance.now()
    const others = (await init.catchUp?.(round, signal)) ?? round
    if (others !== round) {
      yield { type: 'caught-up', peer: self, round, to: others }
      round = Math.min(others, init.rounds - 1)
    }
    const { loss, samples, seconds } = await init.train(round, signal)
    yield { type: 'trained', peer: self, round, loss, samples, seconds }

    const isTested = (round + 1) % init.evaluateEvery === 0 || round + 1 === init.rounds
    const before = isTested && gossip && (await startBefore(init, signal))
    if (gossip !== undefined) yield* gossip(round, head, signal)

    if (isTested) {
      const tested = await init.evaluate(round, signal)
      yield { type: 'evaluated', peer: self, round, ...tested, ...(before && { before: await before.tested }) }
    }
    yield { type: 'ended', peer: self, round, seconds: (performance.now() - startedAt) / 1000 }
  }
  yield { type: 'finished', peer: self, rounds: init.rounds }
}
