import { orNothing } from '../bug.js'
import { AgreedSum } from '../generated/agreement.js'
import type { PeerIdStr } from '../peer-id.js'
import { agreementProtocol } from './protocol.js'

export interface SummedNumbers {
  /** Peer ids, sorted. */
  readonly members: readonly PeerIdStr[]
  readonly total: Uint8Array
}

/** The sum as peers that join later receive it. */
export function encodeSum({ members, total }: SummedNumbers): Uint8Array {
  return AgreedSum.encode({ members: [...members], total: Uint8Array.from(total) })
}

/**
 * `undefined` for whatever no honest peer sends.
 *
 * @param totalBytes - as many as the run's columns take
 */
export function decodeSum(bytes: Uint8Array, totalBytes: number): SummedNumbers | undefined {
  const decoded = orNothing(() => AgreedSum.decode(bytes, { limits: { members: agreementProtocol.limits.seeds } }))
  if (decoded === undefined) return undefined
  const { members, total } = decoded
  return total.length === totalBytes && members.length > 0 ? { members, total } : undefined
}
