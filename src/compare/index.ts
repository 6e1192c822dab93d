export { compareRuns, foldersLimit } from './compare.js'
export type * from './shape.js'
export { comparisonText } from './terminal.js'
export { writeComparison } from './write.js'
