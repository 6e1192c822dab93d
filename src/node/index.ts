export type { AssembledPeer, AssemblyInit, InTheField } from './assembled-peer.js'
export { assemblePeer } from './assembly.js'
export {
  askManifest,
  askView,
  type JoinAddress,
  joinAddress,
  parseJoinAddress,
} from './contact.js'
export type { PeerCounters } from './counters.js'
export type { Entry } from './entry.js'
export type { NamedPeer, PeerEvent, RoundHappening } from './events.js'
export { createExchange, type ExchangeInit, type StreamExchange } from './exchange.js'
export { type Federation, fixedFederation, openFederation } from './federation.js'
export * from './identity.js'
export { type Vacant, vacant } from './listening.js'
export { createLockstep, type Lockstep } from './lockstep.js'
export * from './manifest.js'
export { manifestForData, withUsualModel } from './manifest-for-data.js'
export type { Member } from './member.js'
export { checkInvited, hostNetwork, type NetworkOf, type PeerNetwork, refusedInvite } from './network.js'
export { adaptivePatience, fixedPatience, type Patience } from './patience.js'
export * from './peer.js'
export { loadData, settleTask } from './peer-data.js'
export type { PeerMixture } from './peer-mixture.js'
export type { PeerOptions } from './peer-options.js'
export { type RoundsInit, runRounds } from './round.js'
export * from './run-events.js'
export { type RunView, readView, waitForShare } from './shares.js'
export * from './training.js'
export { twinWarning } from './twin-error.js'
