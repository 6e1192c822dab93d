export {
  type Access,
  type AccessInit,
  type AccessPolicy,
  type AccessRejection,
  accessProtocol,
  createAccess,
} from './access.js'
export {
  type AgreementService,
  agreementProtocol,
  agreementTopic,
  createAgreement,
  decodeSum,
  encodeSum,
} from './agreement.js'
export { askState, type StateQuestion, StateRefused } from './asking.js'
export { type Buffers, createBuffers } from './buffers.js'
export { digestOf } from './digest.js'
export { type EncodingName, encodingBytes, encodingNames } from './encoding/index.js'
export {
  createHandover,
  type Handover,
  type HandoverCounters,
  type HandoverInit,
  type RejectedHead,
} from './handover.js'
export type { FieldInit } from './host/field.js'
export { createHost, type HearsayHost, type HearsayServices, type HostInit, publishLimitBytes } from './host/host.js'
export { keyFileLimitBytes, type NetworkKey, newNetworkKey, parseNetworkKey } from './host/key.js'
export type { LanInit } from './host/lan.js'
export { dialAddresses, type Reachability, reachability } from './host/reachability.js'
export { presenceScore } from './host/scoring.js'
export {
  type CreateInvite,
  createInvite,
  type Invite,
  type InviteRejection,
  inviteLimits,
  type VerifiedInvite,
  type VerifyInvite,
  verifyInvite,
} from './invite.js'
export type { SummedNumbers } from './masked-sum.js'
export {
  createPresence,
  type Presence,
  type PresenceCounters,
  type PresenceInit,
} from './presence.js'
export {
  type HandoverDeadlines,
  handoverProtocol,
  headsTopic,
  type PeerIdStr,
  presenceProtocol,
  presenceTopic,
  publicationProtocol,
  stateProtocol,
  twinProtocol,
} from './protocol.js'
export {
  createPublication,
  type HeldHead,
  type Publication,
  type PublicationCounters,
  type PublicationInit,
  type PublishResult,
} from './publication.js'
export type { PublicationRejection } from './published.js'
export { isFinal, ReasonCounts, Rejection, type RejectionReason } from './rejection.js'
export {
  type AuthorVerdict,
  type HeardReport,
  type PresenceRejection,
  plainStanding,
  type RoundReport,
  type Standing,
} from './report.js'
export type { SendFailure, SendResult } from './sending.js'
export { createState, type HeadAnswers, type StateInit, type StatePayload, type StateService } from './state.js'
export { fieldTiming, type Timing, untimed } from './timing.js'
export { createTwins, type Twin } from './twins.js'
