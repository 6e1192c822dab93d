export { createRecord, type RecordFold } from './record.js'
export * from './shape.js'
