export { createAccess } from './access/access.js'
export type { AuthorVerdict } from './access/authors.js'
export {
  type CreateInvite,
  createInvite,
  type Invite,
  type InviteRejection,
  inviteLimits,
  type VerifiedInvite,
  type VerifyInvite,
  verifyInvite,
} from './access/invite.js'
export type { Access, AccessInit, AccessPolicy } from './access/policy.js'
export { type AccessRejection, accessProtocol } from './access/protocol.js'
export { type AgreementService, createAgreement } from './agreement/agreement.js'
export { agreementProtocol, agreementTopic } from './agreement/protocol.js'
export { decodeSum, encodeSum, type SummedNumbers } from './agreement/sum.js'
export { digestOf } from './digest.js'
export {
  createHandover,
  type Handover,
  type HandoverCounters,
  type HandoverInit,
} from './handover/handover.js'
export type { CopyLink } from './handover/header.js'
export type { DatedHead } from './handover/inbox.js'
export { handoverProtocol } from './handover/protocol.js'
export type { RejectedHead } from './handover/receiver.js'
export type { SendFailure, SendResult } from './handover/sender.js'
export { type HandoverKind, handoverBytes } from './handover/size.js'
export { type Buffers, createBuffers } from './head/buffers.js'
export { type HeadFormat, headFormat } from './head/format.js'
export { decodeHead, encodeHead } from './head/payload.js'
export type { Admission } from './host/admission.js'
export type { FieldInit } from './host/field.js'
export type { HearsayHost, HearsayServices } from './host/hearsay-host.js'
export { createHost, type HostInit, publishLimitBytes } from './host/host.js'
export type { LanInit } from './host/lan.js'
export { keyFileLimitBytes, type NetworkKey, newNetworkKey, parseNetworkKey } from './host/network-key.js'
export { networkOf } from './host/origin.js'
export { presenceScore } from './host/peer-scores.js'
export { dialAddresses, type Reachability, reachability } from './host/reachability.js'
export { createLog, type LogInit, type ScalarLog } from './log/log.js'
export type { LogPlace } from './log/place.js'
export { logProtocol, logTopic } from './log/protocol.js'
export { type LogRejection, type MeasuredRecord, recordBytes } from './log/record.js'
export type { Records, SignedRecord } from './log/records.js'
export {
  answerOf,
  drawOwnMask,
  leastHeads,
  masksLeft,
  questionTo,
  shareLimits,
  suffice,
} from './masks/double-mask.js'
export { type MaskGroup, maskGroup } from './masks/group.js'
export { adds, createMaskKey, type MaskKey, seededMaskKey } from './masks/mask.js'
export { isMaskedFor, type MaskInSum, masked, maskedLayout, unmask, writeMasked } from './masks/masked-head.js'
export { type NoisePeers, noiseDigest, pairWords } from './masks/pair-noise.js'
export { createShareService, type ShareService, type SharesInit } from './masks/shares.js'
export type { PeerIdStr } from './peer-id.js'
export { isBefore } from './position.js'
export {
  createPresence,
  type Presence,
  type PresenceCounters,
  type PresenceInit,
} from './presence/presence.js'
export { presenceProtocol, presenceTopic } from './presence/protocol.js'
export {
  type HeardReport,
  type PresenceRejection,
  plainStanding,
  type RoundReport,
  type Standing,
} from './presence/report.js'
export { headsTopic, publicationProtocol } from './publication/protocol.js'
export {
  createPublication,
  type HeldHead,
  type Publication,
  type PublicationCounters,
  type PublicationInit,
  type PublishResult,
} from './publication/publication.js'
export { type PublicationRejection, publishedBytes } from './publication/published-head.js'
export { isFinal, Rejection, type RejectionReason } from './rejection.js'
export type { SampledCall, SampledPart } from './sampling/call.js'
export { viewFromBytes, viewToBytes } from './sampling/call.js'
export { samplingProtocol } from './sampling/protocol.js'
export { createSampling, type SampledAnswer, type SamplingService } from './sampling/sampling.js'
export { requestState, requestWhenFree, type StateQuery, StateRefused } from './state/client.js'
export { stateProtocol } from './state/protocol.js'
export { createState, type HeadAnswers, type StateInit, type StatePayload, type StateService } from './state/server.js'
export type { StreamDeadlines } from './stream/deadlines.js'
export { fieldTiming, type Timing, untimed } from './timing.js'
export { addedTraffic, type BytesByPurpose, type Purpose, purposes, type TrafficBytes } from './traffic/traffic.js'
export { twinProtocol } from './twins/protocol.js'
export { createTwins, type Twin } from './twins/twins.js'
