import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { HearsayError } from '../../errors.js'
import { orNothing } from '../bug.js'
import { PresenceRecord } from '../generated/presence.js'
import { presenceProtocol } from './protocol.js'

/** What a peer reports of itself and of the round it has just finished. */
export interface RoundReport {
  readonly round: number
  /** Training samples it has. */
  readonly samples: number
  readonly loss?: number | undefined
  /** 0 to 1. */
  readonly accuracy?: number | undefined
  /** Σ_j w_ij ‖x_i − x_j‖² over the heads of its last exchange. */
  readonly localDistance?: number | undefined
}

/** What a peer reports of its place in the run. */
export interface Standing {
  /** The first round it takes part in. */
  readonly from: number
  /** Which share of the manifest's partition it trains on, where it brought no data of its own. */
  readonly share?: number | undefined
  /** Where it can be dialled, best first. */
  readonly addresses: readonly Multiaddr[]
  /**
   * The last head that it has handed over: of which round, and the SHA-256 of the payload that it gives to newcomers;
   * empty where it gives none.
   */
  readonly head?: { readonly round: number; readonly digest: Uint8Array } | undefined
  /** The SHA-256 of the sum that it has agreed on with others (agreement/), once it has. */
  readonly sumDigest?: Uint8Array | undefined
  /** In a run with masks, or noise that cancels: its X25519 public key (masks/mask.ts). */
  readonly maskKey?: Uint8Array | undefined
  /** With `training.pace`: how long the most steps would take it, and how long before this record it began. */
  readonly pace?: { readonly mostMs: number; readonly sinceMs: number } | undefined
  /** Its last record: no peer is to wait for it. */
  readonly leaving: boolean
}

/** For a peer of a simulation: it takes part from the first round to the last, and its neighbours need no addresses. */
export const plainStanding: Standing = { from: 0, addresses: [], leaving: false }

/** A report of another peer. */
export interface HeardReport extends RoundReport, Standing {
  readonly name: string
}

/** Why a message on the presence topic was not taken. */
export type PresenceRejection =
  | 'OVERSIZE' // longer than any record
  | 'MALFORMED' // not a record, or values that no honest peer has
  | 'NOT_A_MEMBER' // its author is not among the members
  | 'NOT_ADMITTED' // its author is not on the list, or shows no invitation that holds
  | 'FORGED' // not signed by the author that it names
  | 'FUTURE_ROUND' // a round that the run does not have
  | 'STALE_RECORD' // we have a later one of the same peer
  | 'TOO_OFTEN' // more reports a second than an honest peer has
  | 'TOO_MANY_PEERS' // members are not known yet, and we remember enough already

/** A presence record, decoded. `ok: false` has the reason why it was refused. */
export type DecodedPresence =
  | { readonly ok: true; readonly report: HeardReport; readonly waiting: boolean; readonly invite: Uint8Array }
  | { readonly ok: false; readonly reason: PresenceRejection }

/** Control characters and the like: a name is shown in other people's terminals. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u

/**
 * Checks a peer's name for use on the network.
 *
 * @throws {@link HearsayError} USAGE
 */
export function checkName(name: string): string {
  if (isName(name)) return name
  throw new HearsayError(
    'USAGE',
    `${JSON.stringify(name)} is not allowed; it must have 1 to ${presenceProtocol.limits.nameLength} printable characters`,
    { field: 'name' },
  )
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= presenceProtocol.limits.nameLength && !unprintable.test(name)
}

/** Figures that are not numbers, as a diverged model has, are left out; so are addresses beyond the limits. */
export function encodePresence(
  name: string,
  report: RoundReport,
  waiting: boolean,
  standing: Standing = plainStanding,
  invite: Uint8Array = new Uint8Array(),
): Uint8Array {
  const { round, samples } = report
  const { from, share, addresses, head, sumDigest, maskKey, pace, leaving } = standing
  const { limits } = presenceProtocol
  const most = (ms: number): number => Math.min(limits.paceMs, Math.round(ms))
  return PresenceRecord.encode({
    round,
    name,
    samples,
    waiting,
    from,
    leaving,
    addresses: addresses
      .map(address => Uint8Array.from(address.bytes))
      .filter(({ length }) => length <= limits.addressBytes)
      .slice(0, limits.addresses),
    headDigest: Uint8Array.from(head?.digest ?? []),
    invite: Uint8Array.from(invite),
    sumDigest: Uint8Array.from(sumDigest ?? []),
    maskKey: Uint8Array.from(maskKey ?? []),
    ...(head === undefined ? {} : { headRound: head.round }),
    ...(share === undefined ? {} : { share }),
    ...(pace && { mostMs: most(pace.mostMs), sinceMs: most(pace.sinceMs) }),
    ...finite('loss', report.loss),
    ...finite('accuracy', report.accuracy),
    ...finite('localDistance', report.localDistance),
  })
}

function finite<Name extends string>(name: Name, value: number | undefined): { [N in Name]?: number } {
  return value !== undefined && Number.isFinite(value) ? ({ [name]: value } as { [N in Name]: number }) : {}
}

/**
 * Reads a presence record. Never throws, whatever the bytes.
 *
 * @param rounds - number of rounds of the run; no honest peer reports a later one
 */
export function decodePresence(bytes: Uint8Array, rounds: number): DecodedPresence {
  const refused = (reason: PresenceRejection): DecodedPresence => ({ ok: false, reason })
  if (bytes.length > presenceProtocol.limits.messageBytes) return refused('OVERSIZE')
  const record = orNothing(() => PresenceRecord.decode(bytes))
  if (record === undefined) return refused('MALFORMED')
  const { round, samples, name, loss, accuracy, localDistance, waiting, invite } = record
  const figures = [loss, accuracy, localDistance]
  if (!isName(name) || figures.some(value => value !== undefined && !Number.isFinite(value)))
    return refused('MALFORMED')
  if (accuracy !== undefined && (accuracy < 0 || accuracy > 1)) return refused('MALFORMED')
  if (localDistance !== undefined && localDistance < 0) return refused('MALFORMED')
  if (invite.length > presenceProtocol.limits.inviteBytes) return refused('MALFORMED')
  const standing = standingOf(record)
  if (standing === undefined) return refused('MALFORMED')
  if (Math.max(round, standing.from, standing.head?.round ?? 0) > rounds) return refused('FUTURE_ROUND')
  return { ok: true, report: { round, samples, name, loss, accuracy, localDistance, ...standing }, waiting, invite }
}

/** `undefined` for values that no honest peer has. */
function standingOf({
  from,
  share,
  addresses,
  headDigest,
  headRound,
  sumDigest,
  maskKey,
  mostMs,
  sinceMs,
  leaving,
}: PresenceRecord): Standing | undefined {
  const { limits } = presenceProtocol
  if (addresses.length > limits.addresses || addresses.some(({ length }) => length > limits.addressBytes))
    return undefined
  if ([headDigest, sumDigest, maskKey].some(({ length }) => length !== 0 && length !== 32)) return undefined
  if (headRound === undefined && headDigest.length > 0) return undefined
  if ((mostMs === undefined) !== (sinceMs === undefined)) return undefined
  if (Math.max(mostMs ?? 0, sinceMs ?? 0) > limits.paceMs) return undefined
  const dialled = orNothing(() => addresses.map(bytes => multiaddr(bytes)))
  if (dialled === undefined) return undefined
  return {
    from,
    share,
    addresses: dialled,
    head: headRound === undefined ? undefined : { round: headRound, digest: headDigest },
    sumDigest: sumDigest.length === 0 ? undefined : sumDigest,
    maskKey: maskKey.length === 0 ? undefined : maskKey,
    ...(mostMs !== undefined && sinceMs !== undefined && { pace: { mostMs, sinceMs } }),
    leaving,
  }
}
