import type { Showing } from '../../merge/index.js'
import { type NamedTensor, reserveVector } from '../../tensors/index.js'
import type { MixingRow } from '../../topology/index.js'
import { copyInSlices } from '../../turns.js'
import type { Neighbourhood, Participant } from '../neighbourhood.js'
import type { Reputation } from './reputation.js'
import { cosines, gains } from './showing.js'
import type { Trial } from './trial.js'

export interface JudgingInit {
  readonly trial: Trial
  /** What it makes of all neighbours in the long run. @default it only watches newcomers, which asks no loss */
  readonly reputation?: Reputation | undefined
  /** Loss on the held-back batch of the model as it is now. */
  readonly loss: (signal: AbortSignal) => Promise<number>
  /** No loss counts for more: one head that breaks a model would decide its mean for the rest of the run. */
  readonly lossLimit: number
}

/** A merge that was made. */
export interface Judged {
  readonly round: number
  readonly where: Neighbourhood
  /** With the weights of a plain mean. */
  readonly row: MixingRow
  /** z_i, the head before the merge. */
  readonly own: Float32Array
  /** x⁺, the merged head: other vectors are laid there meanwhile. */
  readonly merged: Float32Array
  /** The heads that came, by number. */
  readonly heads: ReadonlyMap<number, Float32Array>
  /** The weight that the merge gave to each that is in it, by number. */
  readonly given: ReadonlyMap<number, number>
  /** Those that were refused, or that the rule left out. */
  readonly refused: ReadonlySet<number>
}

/** A peer that looks at its neighbours' heads once more after each round, to know them in the long run. */
export interface Judging {
  /** Called before training: the round's step is measured from this head, of which a copy is made. */
  begin(head: Float32Array): Promise<void>
  /** Those that are muted in this round, and those that are heard again from it on: see `Reputation`. */
  at(round: number): ReturnType<Reputation['at']>
  /** See `Trial`. */
  shares: Trial['shares']
  /**
   * Judges the heads of a merge. With a reputation each costs a forward pass, and the own head another.
   *
   * @returns the ids of those that are muted from now on
   * @throws the signal's reason; the merged head is as it was
   */
  judge(merge: Judged, signal: AbortSignal): Promise<readonly string[]>
  /** What is reported of these, where there is a reputation. */
  report(members: readonly Participant[]): ReturnType<Reputation['report']>
  kept(): NamedTensor[]
}

export function createJudging({ trial, reputation, loss, lossLimit }: JudgingInit): Judging {
  let before: Float32Array | undefined
  return {
    at: round => reputation?.at(round) ?? { muted: new Set(), back: [] },
    shares: where => trial.shares(where),
    report: members => reputation?.report(members.map(idOf)) ?? {},
    kept: () => [...trial.kept(), ...(reputation?.kept() ?? [])],
    async begin(head) {
      before ??= reserveVector(head.length)
      await copyInSlices(before, head)
    },
    async judge({ round, where: { members }, row, own, merged, heads, given, refused }, signal) {
      const isOnTrial = (peer: number): boolean => trial.isOn(members[peer]!)
      const byId = <T>(entries: Iterable<readonly [number, T]>): Map<string, T> =>
        new Map([...entries].map(([peer, value]) => [idOf(members[peer]!), value]))
      const asked = [...heads].filter(([peer]) => reputation !== undefined || isOnTrial(peer))
      if (asked.length === 0) return []
      const made = { own, heads: byId(asked) }
      const found = await cosines(made, before!, byId(given))
      const useful = asked.filter(
        ([peer]) => isOnTrial(peer) && !refused.has(peer) && found.get(idOf(members[peer]!))! > 0,
      )
      trial.useful(byId(useful).keys())
      if (reputation === undefined) return []
      const lossNow = async (): Promise<number> => {
        const lost = await loss(signal)
        return Number.isNaN(lost) ? lossLimit : Math.min(lossLimit, lost)
      }
      const weights = byId(row.from.map(({ peer, weight }) => [peer, weight]))
      const { loss: alone, gains: all } = await gains(made, weights, merged, lossNow)
      const shown = [...all].map(([id, gain]): [string, Showing] => [id, { gain, cosine: found.get(id)!, loss: alone }])
      return reputation.take(round, new Map(shown))
    },
  }
}

const idOf = ({ peerId }: Participant): string => peerId.toString()
