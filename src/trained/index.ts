export { type DescriptionInit, describePeer, type PeerDescription } from './description.js'
export { decodeExperts, encodeExperts, type KeptExpert } from './experts-file.js'
export {
  type ExportFormat,
  type ExportOptions,
  exportFiles,
  exportFormats,
  exportPeer,
} from './export.js'
export { type KeptMixture, type KeptPeer, keepPeer, keptPeers, readPeer } from './kept-peer.js'
export { mostProbable, type Prediction, type PredictOptions, predict } from './predict.js'
export { type Score, scoreOf, scoreOfImages } from './score.js'
