import * as z from 'zod'
import { roundsOnTrial, trialShares } from '../../merge/index.js'
import type { NamedTensor } from '../../tensors/index.js'
import type { Neighbourhood, Participant } from '../neighbourhood.js'
import { keptById, remember } from './kept-by-id.js'

/**
 * Newcomers among a peer's neighbours, and in how many rounds each was of use: its head was merged, and pointed where the
 * merge went. That asks no data, so it goes with privacy.
 */
export interface Trial {
  /** The share of its due weight that each neighbour has which is on trial, by number. */
  shares(where: Neighbourhood): Map<number, number>
  isOn(member: Participant): boolean
  /** A round in which these were of use, by id, is over. */
  useful(ids: Iterable<string>): void
  kept(): NamedTensor[]
  /** Goes on from what was kept. @throws {@link HearsayError} `PARAMETERS` where it does not fit */
  restore(kept: readonly NamedTensor[], source: string): void
}

/** The kept tensors of newcomers' trials: in how many rounds each was of use. */
export const keptTrials = keptById('trial:', z.tuple([z.int().min(0).max(roundsOnTrial)]), 'the trials of')

export function createTrial(): Trial {
  const counts = new Map<string, number>()

  function isOn({ peerId, newcomer }: Participant): boolean {
    return newcomer !== undefined && (counts.get(peerId.toString()) ?? 0) + 1 < roundsOnTrial
  }

  return {
    isOn,
    shares({ row, members }) {
      const onTrial = row.from.map(({ peer }) => peer).filter(peer => isOn(members[peer]!))
      return trialShares(
        onTrial.map(peer => {
          const { peerId, newcomer } = members[peer]!
          return { peer, useful: counts.get(peerId.toString()) ?? 0, kin: newcomer?.kin ?? [] }
        }),
      )
    },
    useful(ids) {
      for (const id of ids) {
        remember(counts, id, Math.min(roundsOnTrial, (counts.get(id) ?? 0) + 1))
      }
    },
    kept: () => keptTrials.tensorsOf(Array.from(counts, ([id, count]) => [id, [count]])),
    restore(kept, source) {
      const read = keptTrials.read(kept, source)
      counts.clear()
      for (const [id, [count]] of read) counts.set(id, count)
    },
  }
}
