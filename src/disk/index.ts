export { type Checkpoint, type CheckpointKind, checkpointLimits } from './checkpoint-format.js'
export * from './checkpoints.js'
export {
  type DescriptionInit,
  describePeer,
  encodeDescription,
  type PeerDescription,
  sharedOf,
} from './description.js'
export {
  appendFlags,
  explainDisk,
  makeFolder,
  putFile,
  replaceFile,
  syncFiles,
  writeNew,
  writeThrough,
} from './durable.js'
export {
  type FieldFolder,
  type FieldFolderInit,
  identityFile,
  isInField,
  openRunFolder,
  readRunFolder,
} from './field-folder.js'
export * from './identity-file.js'
export { type KeptPeer, keepPeer, keptClasses, keptPeers, readPeer, tensorsOfPeer } from './kept-peer.js'
export { isLockFile, type Lock, type LockInit, lockDefaults, lockFolder, lockIfFree } from './lock.js'
export type { MetricsFile } from './metrics-file.js'
export { type MetricsLimits, metricsLimits, metricsLines } from './metrics-lines.js'
export { noRunFolder } from './no-run-folder.js'
export { type DurablePeer, type DurableRunOptions, type OpenPeerOptions, openPeer } from './open-peer.js'
export {
  type KnownMember,
  knownMembers,
  lastingData,
  type MetMember,
  membersFrom,
  type NetworkSettings,
  type PeerSettings,
} from './peer-files.js'
export { type LastTest, type Outcome, roundsTold, type SoFar } from './progress.js'
export * from './run-folder.js'
export * from './simulation/index.js'
export type { StateInit } from './simulation/keeper.js'
