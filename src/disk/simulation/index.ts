export { datasetDigest, type KeptOptions, keptRounds, type SavedFigures, type SavedRun } from './format.js'
export { createStateKeeper, dropState, type PeerState, type StateInit, type StateKeeper } from './keeper.js'
export { readKeptOptions, readState } from './reader.js'
