export { type Following, followRun, roundsOver } from './follow.js'
export { createRecord, type RecordFold } from './record.js'
export * from './shape.js'
