import { HearsayError } from '../errors.js'
import { Presence } from './messages.js'
import { presenceProtocol } from './protocol.js'

/** What a peer says of itself and of the round it has just finished. */
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

/** A report that somebody sent. */
export interface HeardReport extends RoundReport {
  readonly name: string
}

/** Why a message on the presence topic was not taken. */
export type PresenceRejection =
  | 'OVERSIZE' // longer than any record
  | 'MALFORMED' // not a record, or values that no honest peer has
  | 'WRONG_RUN' // another run id
  | 'NOT_A_MEMBER' // its author is not among the members
  | 'FUTURE_ROUND' // a round that the run does not have
  | 'STALE_ROUND' // we heard a later one of the same peer
  | 'TOO_OFTEN' // more reports a second than an honest peer has
  | 'TOO_MANY_PEERS' // members are not known yet, and we remember enough already

/** A presence record, decoded. `ok: false` says why it was not. */
export type DecodedPresence =
  | { readonly ok: true; readonly report: HeardReport; readonly waiting: boolean }
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
    `name: ${JSON.stringify(name)} is not allowed; it must have 1 to ${presenceProtocol.limits.nameLength} printable characters`,
  )
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= presenceProtocol.limits.nameLength && !unprintable.test(name)
}

/** Figures that are not numbers, as a diverged model has, are left out. */
export function encodePresence(runId: Uint8Array, name: string, report: RoundReport, waiting: boolean): Uint8Array {
  const { round, samples } = report
  return Presence.encode({
    runId: Uint8Array.from(runId),
    round,
    name,
    samples,
    waiting,
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
 * @param rounds - how many the run has; nobody can report a later one
 */
export function decodePresence(bytes: Uint8Array, runId: Uint8Array, rounds: number): DecodedPresence {
  const refused = (reason: PresenceRejection): DecodedPresence => ({ ok: false, reason })
  if (bytes.length > presenceProtocol.limits.messageBytes) return refused('OVERSIZE')
  let record: Presence
  try {
    record = Presence.decode(bytes)
  } catch {
    return refused('MALFORMED')
  }
  const { round, samples, name, loss, accuracy, localDistance, waiting } = record
  if (record.runId.length !== 32) return refused('MALFORMED')
  if (Buffer.compare(record.runId, runId) !== 0) return refused('WRONG_RUN')
  const figures = [loss, accuracy, localDistance]
  if (!isName(name) || figures.some(value => value !== undefined && !Number.isFinite(value)))
    return refused('MALFORMED')
  if (accuracy !== undefined && (accuracy < 0 || accuracy > 1)) return refused('MALFORMED')
  if (localDistance !== undefined && localDistance < 0) return refused('MALFORMED')
  if (round > rounds) return refused('FUTURE_ROUND')
  return { ok: true, report: { round, samples, name, loss, accuracy, localDistance }, waiting }
}
