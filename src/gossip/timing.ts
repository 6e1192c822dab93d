import { handoverProtocol } from './handover/protocol.js'
import { logProtocol } from './log/protocol.js'
import { sharesProtocol } from './masks/protocol.js'
import { presenceProtocol } from './presence/protocol.js'
import { publicationProtocol } from './publication/protocol.js'
import { samplingProtocol } from './sampling/protocol.js'
import { stateProtocol } from './state/protocol.js'
import type { StreamDeadlines } from './stream/deadlines.js'

/** Everything that a clock decides between peers: how long a peer is waited for, and how often it may send. */
export interface Timing {
  readonly handover: StreamDeadlines
  /** Of masks. */
  readonly shares: StreamDeadlines
  readonly sampling: StreamDeadlines
  readonly state: StreamDeadlines
  /** From an announcement to its payload. */
  readonly pullMs: number
  /** Heads of one author. */
  readonly headsPerSecond: number
  /** Records of the log, of one author. */
  readonly recordsPerSecond: number
  /** Presence records of one author. */
  readonly reportsPerSecond: number
}

/** Among strangers, over networks that fail. */
export const fieldTiming: Timing = {
  handover: handoverProtocol.deadlines,
  shares: sharesProtocol.deadlines,
  sampling: samplingProtocol.deadlines,
  state: stateProtocol.deadlines,
  pullMs: publicationProtocol.deadlines.pullMs,
  headsPerSecond: publicationProtocol.limits.headsPerSecond,
  recordsPerSecond: logProtocol.limits.recordsPerSecond,
  reportsPerSecond: presenceProtocol.limits.reportsPerSecond,
}

const { POSITIVE_INFINITY: never } = Number

/**
 * Among peers of one process. A peer that does not answer there is busy, never gone, and the machine may be so busy
 * that no deadline is long enough: 42 peers on two cores at a load of 40 lost 51 heads to the deadlines of the field,
 * and ended with other numbers than on a quiet machine. Waits end with their signals.
 */
export const untimed: Timing = {
  handover: { dialMs: never, firstByteMs: never, transferMs: never, closeMs: never },
  shares: { dialMs: never, firstByteMs: never, transferMs: never, closeMs: never },
  sampling: { dialMs: never, firstByteMs: never, transferMs: never, closeMs: never },
  state: { dialMs: never, firstByteMs: never, transferMs: never, closeMs: never },
  pullMs: never,
  headsPerSecond: never,
  recordsPerSecond: never,
  reportsPerSecond: never,
}
