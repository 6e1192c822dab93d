import type { Samples } from '../data/index.js'
import type { Learner, LocalTraining } from '../learner/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import type { PeerEvent } from './events.js'
import type { GossipRound } from './gossip.js'

export interface RoundsInit {
  readonly self: number
  readonly rounds: number
  /** Where this peer begins: who joined late or was away begins where the others are. @default 0 */
  readonly first?: number
  /**
   * Asked before each round: where the others are by now, with their head put into ours if that is further. Left out,
   * nobody is ever left behind.
   */
  readonly catchUp?: (round: number, signal: AbortSignal) => Promise<number>
  readonly learner: Learner
  readonly training: LocalTraining
  /** The whole model. The learner and the merge both write here, in turn. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  /** Left out, the peer learns alone (`merge: none`). */
  readonly gossip?: GossipRound
  /** What the model is tested on after the merge. */
  readonly test: Samples
  /** Rounds from one test to the next; the last round ends with one in any case. */
  readonly evaluateEvery: number
}

/** One peer's rounds: train, gossip, evaluate after the merge (ALGORITHMS.md 1). The only implementation of a round. */
export async function* runRounds(init: RoundsInit, signal: AbortSignal): AsyncGenerator<PeerEvent, void, undefined> {
  const { self, learner, parameters, gossip } = init
  const head = headOf(parameters, init.head)
  for (let round = init.first ?? 0; round < init.rounds; round++) {
    const startedAt = performance.now()
    const others = (await init.catchUp?.(round, signal)) ?? round
    if (others > round) {
      yield { type: 'caught-up', peer: self, round, to: others }
      round = Math.min(others, init.rounds - 1)
    }
    const { loss, samples, seconds } = await learner.train(parameters, round, init.training, { signal })
    yield { type: 'trained', peer: self, round, loss, samples, seconds }

    if (gossip !== undefined) yield* gossip(round, head, signal)

    if ((round + 1) % init.evaluateEvery === 0 || round + 1 === init.rounds) {
      const tested = await learner.evaluate(parameters, init.test, { signal })
      yield { type: 'evaluated', peer: self, round, accuracy: tested.accuracy, loss: tested.loss }
    }
    yield { type: 'ended', peer: self, round, seconds: (performance.now() - startedAt) / 1000 }
  }
  yield { type: 'finished', peer: self, rounds: init.rounds }
}
