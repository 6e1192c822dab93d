import type { PeerIdStr } from '../peer-id.js'

/** The place of a record in a log: logs are in the order of rounds, and in a round in that of the authors' ids. */
export interface LogPlace {
  readonly round: number
  readonly author: PeerIdStr
}

/** Does the first stand behind the second? By code units, so that it does not depend on a machine's locale. */
export function isBehind(a: LogPlace, b: LogPlace): boolean {
  return a.round === b.round ? a.author > b.author : a.round > b.round
}
