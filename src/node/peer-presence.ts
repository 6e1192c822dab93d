import {
  createPresence,
  dialAddresses,
  type HearsayHost,
  type Presence,
  plainStanding,
  presenceProtocol,
  type Timing,
} from '../gossip/index.js'
import { methodOf } from '../methods/index.js'
import type { AssemblyInit } from './assembled-peer.js'
import type { Compass } from './membership/compass.js'
import type { OpenRun } from './membership/open-run.js'

/** What presence reports of a peer, as it is at the time of a record. */
export interface Reported {
  /** Set where peers come and go. */
  readonly open: OpenRun | undefined
  readonly isLeaving: boolean
  /** With masks, or noise that cancels. */
  readonly maskKey: Uint8Array | undefined
  /** With `training.pace`. */
  readonly compass: Pick<Compass, 'pace'> | undefined
}

/**
 * How soon peers of a simulation repeat their records until all have met. One process receives every record once per
 * peer, at 0.75 ms each with its copies in the mesh; this way they cost half a core. At the pace of the field 64 peers
 * of a mixture did little else, and met after a minute and a half. No peer sends beats: which ones are gone is known.
 */
function simulatedRepeat(peers: number): { readonly repeatMs: number } {
  return { repeatMs: Math.max(presenceProtocol.repeatMs, 1.5 * peers ** 2) }
}

/**
 * Whether a peer publishes records. A simulation of merges needs none, since its lockstep knows everything, and every
 * peer of the process would verify each.
 */
export function speaksIn({ field, manifest }: Pick<AssemblyInit, 'field' | 'manifest'>): boolean {
  return field !== undefined || methodOf(manifest.merge).road !== 'neighbours'
}

/** A peer's presence: publishes its own records, and collects those of others. */
export function createPeerPresence(
  { manifest, runId, name, field }: AssemblyInit,
  { reportsPerSecond }: Pick<Timing, 'reportsPerSecond'>,
  node: HearsayHost,
  own: Reported,
): Presence {
  return createPresence({
    runId,
    rounds: manifest.rounds,
    name,
    reportsPerSecond,
    ...(field === undefined ? simulatedRepeat(manifest.peers) : { beatMs: presenceProtocol.beatMs }),
    ...(field?.access && { admits: field.access.admitsAuthor }),
    ...(field?.invite && { invite: field.invite }),
    standing: () =>
      own.open === undefined
        ? { ...plainStanding, leaving: own.isLeaving }
        : {
            ...own.open.standing(),
            addresses: dialAddresses(node),
            share: field?.share,
            maskKey: own.maskKey,
            pace: own.compass?.pace,
            leaving: own.isLeaving,
          },
    onReport: (peer, report) => own.open?.learn(peer, report),
  })({ node })
}
