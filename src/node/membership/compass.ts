import type { PeerIdStr, Presence, Standing } from '../../gossip/index.js'
import type { Learner, Pace, TrainReport } from '../../learner/index.js'
import type { Neighbourhood } from '../../methods/index.js'
import type { Manifest } from '../manifest.js'

export interface CompassInit extends Pace {
  readonly presence: Pick<Presence, 'heard' | 'live' | 'silentMs' | 'speak'>
  /** Whom a peer exchanges with in a round, once that is known. */
  readonly where: (round: number) => Neighbourhood | undefined
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number
}

/**
 * How many steps a peer takes in a round, so that its neighbourhood meets (FedCompass, arXiv 2309.14675, for peers without
 * a server): each says how long the most steps would take it, and takes as many as it has time for until half of its
 * neighbours would be done. A slow machine then takes fewer steps, and nobody waits for it; the fastest take all.
 *
 * The time of the most steps, and not of those that a peer will take, is what all go by: it depends on no one else's
 * choice, so that no round is a little shorter than the one before it because numbers of steps are whole.
 */
export interface Compass {
  /** Called when training begins. Others are told. */
  stepsOf(round: number): number
  /** Called when training is over. */
  trained(report: Pick<TrainReport, 'steps' | 'seconds'>): void
  /** What this peer's records say of it; undefined before its first training is over. */
  readonly pace: Standing['pace']
}

/** How much the newest round counts in the time of a step: 0.9, as published. */
const newest = 0.9

export function createCompass({ least, most, presence, where, now = () => performance.now() }: CompassInit): Compass {
  let secondsPerStep: number | undefined
  let beganMs: number | undefined

  /** Until when a neighbour would be done with all its steps. One whose time is over is about to begin anew. */
  function msLeft(peer: PeerIdStr): number[] {
    const pace = presence.heard().get(peer)?.pace
    if (pace === undefined) return []
    const left = pace.mostMs - pace.sinceMs - (presence.silentMs(peer) ?? 0)
    return [left > 0 ? left : pace.mostMs]
  }

  function stepsUntil(ms: number | undefined): number {
    if (secondsPerStep === undefined || ms === undefined) return most
    return Math.min(most, Math.max(least, Math.floor(ms / 1000 / secondsPerStep)))
  }

  return {
    stepsOf(round) {
      const live = new Set(presence.live())
      const { members, graph, self } = where(round) ?? {}
      const neighbours = graph?.receivesFrom(self!).map(peer => members![peer]!.peerId.toString()) ?? []
      const left = neighbours.filter(peer => live.has(peer)).flatMap(msLeft)
      const steps = stepsUntil(lowerMedian(left))
      beganMs = now()
      // Another record says it soon where this one is lost.
      presence.speak().catch(() => {})
      return steps
    },
    trained({ steps, seconds }) {
      if (steps === 0) return
      const each = seconds / steps
      secondsPerStep = secondsPerStep === undefined ? each : newest * each + (1 - newest) * secondsPerStep
    },
    get pace() {
      if (secondsPerStep === undefined || beganMs === undefined) return undefined
      return { mostMs: most * secondsPerStep * 1000, sinceMs: now() - beganMs }
    },
  }
}

/** Of an even number the smaller of the two in the middle: of two neighbours the one that is done first. */
function lowerMedian(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}

/** With `training.pace`. */
export function compassIn(
  { training: { pace } }: Pick<Manifest, 'training'>,
  presence: CompassInit['presence'],
  where: CompassInit['where'],
): Compass | undefined {
  return pace && createCompass({ ...pace, presence, where })
}

/** Trains for as many steps as the compass says, whatever the method. */
export function pacedLearner(learner: Learner, compass: Compass | undefined): Learner {
  if (compass === undefined) return learner
  return {
    async train(parameters, round, plan, options) {
      const report = await learner.train(
        parameters,
        round,
        { ...plan, length: { steps: compass.stepsOf(round) } },
        options,
      )
      compass.trained(report)
      return report
    },
    evaluate: (parameters, samples, options) => learner.evaluate(parameters, samples, options),
    observe: (...asked) => learner.observe(...asked),
    leave: () => learner.leave(),
  }
}
