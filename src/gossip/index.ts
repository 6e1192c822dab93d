export { type Buffers, createBuffers } from './buffers.js'
export {
  createHandover,
  type Handover,
  type HandoverCounters,
  type HandoverInit,
  type RejectedHead,
} from './handover.js'
export { createHost, type HearsayHost, type HearsayServices, type HostInit, publishLimitBytes } from './host.js'
export { createPresence, type Presence, type PresenceCounters, type PresenceInit } from './presence.js'
export {
  type HandoverDeadlines,
  handoverProtocol,
  type PeerIdStr,
  presenceProtocol,
  presenceTopic,
} from './protocol.js'
export type { RejectionReason } from './rejection.js'
export type { HeardReport, PresenceRejection, RoundReport } from './report.js'
export type { SendFailure, SendResult } from './sending.js'
