export type { AssembledPeer, AssemblyInit, InTheField } from './assembled-peer.js'
export { assemblePeer } from './assembly.js'
export type { PeerCounters } from './counters.js'
export type { Entry } from './entry.js'
export type { NamedPeer, PeerEvent, RoundHappening } from './events.js'
export { createLockstep, type Lockstep } from './lockstep.js'
export * from './manifest.js'
export { manifestForData, withUsualModel } from './manifest-for-data.js'
export { manifestJsonSchema } from './manifest-schema.js'
export { manifestYaml, taskYaml } from './manifest-yaml.js'
export { type Federation, fixedFederation, openFederation } from './membership/federation.js'
export type { Member } from './membership/member.js'
export { type RunView, readView, waitForShare } from './membership/shares.js'
export {
  askManifest,
  askView,
  type JoinAddress,
  joinAddress,
  parseJoinAddress,
} from './network/contact.js'
export * from './network/identity.js'
export { type Vacant, vacant } from './network/listen-addresses.js'
export { checkInvited, hostNetwork, type NetworkOf, type PeerNetwork, refusedInvite } from './network/peer-network.js'
export { twinWarning } from './network/twin-error.js'
export * from './peer.js'
export { loadData, settleTask } from './peer-data.js'
export type { PeerMixture } from './peer-mixture.js'
export type { PeerOptions } from './peer-options.js'
export { createExchange, type ExchangeInit, type StreamExchange } from './roads/exchange.js'
export { adaptivePatience, fixedPatience, type Patience } from './roads/patience.js'
export { type RoundsInit, runRounds } from './round.js'
export * from './run-events.js'
export { canonicalManifest, runIdOf } from './run-id.js'
export * from './training.js'
