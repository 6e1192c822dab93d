import {
  createMaskKey,
  type HearsayHost,
  type MaskKey,
  type PeerIdStr,
  type Presence,
  seededMaskKey,
} from '../gossip/index.js'
import { seededWords } from '../random.js'
import { createSchedule, type Schedule } from '../topology/index.js'
import type { Lockstep } from './lockstep.js'
import type { Manifest } from './manifest.js'
import { isFarBehind } from './membership/pace.js'

/** What a peer shares secrets with others by: its own key, and theirs. */
export interface PairKeys {
  readonly key: MaskKey
  /** The public keys of the peers that are live in a round, this one among them. */
  keysIn(round: number): (peer: PeerIdStr) => Uint8Array | undefined
}

export interface PairKeysInit {
  readonly manifest: Pick<Manifest, 'seed' | 'exchange' | 'rounds'>
  /** See {@link AssemblyInit}. */
  readonly number: number
  /** Knows the keys of peers of one process, which publish no records. */
  readonly lockstep?: Lockstep | undefined
}

/** Does this run have masks, or noise that cancels? */
export function needsPairKeys({ masks, privacy }: Pick<Manifest, 'masks' | 'privacy'>): boolean {
  return masks !== undefined || privacy?.of === 'contribution'
}

/** Its key is kept nowhere: a process that has died may have hidden with it what the next one would hide again. */
export function createPairKeys(
  { manifest, number, lockstep }: PairKeysInit,
  node: HearsayHost,
  presence: Presence,
): PairKeys {
  const self = node.peerId.toString()
  if (lockstep !== undefined) {
    const seed = new Uint32Array(8)
    seededWords(manifest.seed, 'pair-keys', number)(seed)
    const key = seededMaskKey(new Uint8Array(seed.buffer))
    lockstep.maskKeys.set(self, key.publicKey)
    // A peer that dies in this round is missed in it, as in the field.
    return {
      key,
      keysIn: round => peer => (lockstep.isGone(peer, round - 1) ? undefined : lockstep.maskKeys.get(peer)),
    }
  }
  const key = createMaskKey()
  const schedule = createSchedule(manifest.exchange, manifest.rounds)
  return {
    key,
    keysIn(round) {
      const published = keysPublished(presence, round, schedule)
      return peer => (peer === self ? key.publicKey : published(peer))
    },
  }
}

/**
 * The keys of the peers whose heads of a round may come. That of one that takes part later, or is far behind, would not:
 * as a sender it would void the sums of all its receivers.
 */
export function keysPublished(
  presence: Pick<Presence, 'live' | 'heard'>,
  round: number,
  schedule?: Schedule,
): (peer: PeerIdStr) => Uint8Array | undefined {
  const live = new Set(presence.live())
  return peer => {
    const report = live.has(peer) ? presence.heard().get(peer) : undefined
    return report === undefined || report.from > round || isFarBehind(report, round, schedule)
      ? undefined
      : report.maskKey
  }
}
