import { shown } from '../foreign.js'
import { writeReport } from '../report/index.js'
import type { Run } from './command.js'

export const run: Run<object, readonly [folders: readonly string[]]> = async ([folders], _, { stdout, signal }) => {
  for (const folder of folders) stdout.write(`${shown(await writeReport(folder, signal), 1000)}\n`)
  return 0
}
