export {
  type AgreedColumn,
  type Agreement,
  agree,
  agreedColumns,
  agreedStandardisation,
  agreeTogether,
  type ColumnRange,
  contributionOf,
  rangeSchema,
  rangesOf,
  type Sight,
  seenBy,
} from './agreed.js'
export { type Answers, answersOf } from './answers.js'
export {
  type ClassCounts,
  type ClassFigures,
  type Confusion,
  classFigures,
  confusionOf,
  countClasses,
  countsIn,
} from './confusion.js'
export type {
  Dataset,
  Samples,
  Shard,
  Standardisation,
  StandardisationName,
  StandardiseRule,
} from './dataset.js'
export { channelsOf, inputNames, inputSize, sharedLabels, sharedNumbers, sharedPixels, takeSamples } from './dataset.js'
export { degrade } from './degrade.js'
export { type ColumnFigures, columnFigures, shardNotes } from './figures.js'
export { type Grade, gradeOf } from './grade.js'
export { type Inputs, type InputsWanted, loadInputs } from './inputs.js'
export { type DataLimits, dataLimits } from './limits.js'
export { isOfRows, loadDataset, loadForTask, peersByFile } from './load.js'
export {
  type Beside,
  besideIn,
  besideNames,
  classQuality,
  type ErrorSums,
  errorQuality,
  imageQuality,
  type Quality,
  sumErrors,
} from './measures.js'
export { addMoments, decodeMoments, encodeMoments, type Moments, momentsWidths } from './moments.js'
export { classification, type Measure, measureOf, measures, type Objective, uninformedLoss } from './objective.js'
export { type ClassTable, classTable, partition, partitionIndices } from './partition/index.js'
export { personalTests } from './partition/personal.js'
export { checkTable } from './placing.js'
export { isError, isGrade, type Primary, primariesOf, primaryNames } from './primary.js'
export { largestOfRows, softmaxRows } from './probabilities.js'
export type { TableOptions } from './read/roles.js'
export type { RowOptions } from './read/rows.js'
export type { Reading, ReadProgress } from './reading.js'
export {
  answerOf,
  columnsOfInputs,
  columnsSchema,
  type InputColumn,
  inputsOf,
  isInput,
  type SchemaColumn,
  schemaTextLimit,
  type TableSchema,
  widthOf,
} from './schema.js'
export { isShipped, type ShippedSet, shippedSets } from './sets.js'
export {
  type ClassSpec,
  type ColumnSpec,
  type DataInput,
  type DataSpec,
  dataSchema,
  type OwnData,
  ownDataSchema,
  type PartitionInput,
  type PartitionSpec,
  partitionSchema,
} from './spec.js'
export { meanStandardisation, standardisationOf } from './standardise.js'
export { fitToTask, rangesLimit, type Task, tableOf, taskOf, taskSchema } from './task.js'
export { type SiteTask, uniteTasks } from './unite.js'
