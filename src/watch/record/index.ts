export { type Following, followRun, roundsOver } from './follow.js'
export { type PackedRecord, packed, unpacked } from './packed.js'
export { createRecord, type RecordFold } from './record.js'
export * from './shape.js'
