export {
  type ExportFormat,
  type ExportOptions,
  exportFiles,
  exportFormats,
  exportPeer,
} from './export.js'
export { mostProbable, type Prediction, type PredictOptions, predict } from './predict.js'
export { type Score, scoreOf, scoreOfImages } from './score.js'
