export type { ReportData } from './data.js'
export { type PageProgram, pageOf, reportProgram } from './page.js'
export { readRun } from './read-run.js'
export { reportFile, writeReport } from './write.js'
