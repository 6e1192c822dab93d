export * from './beside-text.js'
export * from './events.js'
export {
  type FieldFolder,
  type FieldFolderInit,
  identityFile,
  openRunFolder,
  readRunFolder,
} from './field-folder.js'
export * from './field-text.js'
export { drawGraph } from './graph.js'
export {
  type KnownMember,
  knownMembers,
  type MetMember,
  membersFrom,
  type NetworkSettings,
  type PeerSettings,
} from './peer-files.js'
export * from './progress.js'
export * from './report.js'
export * from './rounds.js'
export * from './run-folder.js'
export { type LastTest, nothingYet, type Outcome, type SoFar } from './so-far.js'
export * from './spread.js'
export * from './summary.js'
export * from './table.js'
export * from './text.js'
