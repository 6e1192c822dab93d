import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import { roundsOnTrial, trialShares } from '../../merge/index.js'
import type { NamedTensor } from '../../tensors/index.js'
import { peersLimit } from '../../topology/index.js'
import { validate } from '../../validation.js'
import type { Neighbourhood, Participant } from '../neighbourhood.js'

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

const prefix = 'trial:'

/** Is this kept tensor one of a newcomer's trial? */
export const isOfTrial = ({ name }: NamedTensor): boolean => name.startsWith(prefix)

/** Newcomers remembered, the one that was not of use for the longest time is forgotten first: it begins anew. */
const newcomersLimit = 2 * peersLimit

const idSchema = z.string().min(1).max(128)
const countSchema = z.tuple([z.int().min(0).max(roundsOnTrial)])

export function createTrial(): Trial {
  const counts = new Map<string, number>()

  function isOn({ peerId, newcomer }: Participant): boolean {
    // One that was on trial when this peer left still is when it comes back, and takes all that are there for old.
    const useful = counts.get(peerId.toString()) ?? (newcomer === undefined ? roundsOnTrial : 0)
    return useful + 1 < roundsOnTrial
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
        const before = counts.get(id) ?? 0
        counts.delete(id)
        counts.set(id, Math.min(roundsOnTrial, before + 1))
      }
      for (const id of counts.keys()) if (counts.size > newcomersLimit) counts.delete(id)
    },
    kept: () =>
      [...counts].map(([id, count]) => ({ name: `${prefix}${id}`, shape: [1], values: Float32Array.of(count) })),
    restore(kept, source) {
      if (kept.length > newcomersLimit) {
        throw new HearsayError('PARAMETERS', `has ${kept.length} newcomers, of ${newcomersLimit} at most`, { source })
      }
      const read = kept.map(({ name, values }): [string, number] => {
        const id = validate(idSchema, name.slice(prefix.length), `${source}: ${prefix}`, 'PARAMETERS')
        return [id, validate(countSchema, [...values.subarray(0, 2)], `${source}: ${name}`, 'PARAMETERS')[0]]
      })
      counts.clear()
      for (const [id, count] of read) counts.set(id, count)
    },
  }
}
