import { type ComparisonFiles, compareRuns, comparisonText, writeComparison } from '../compare/index.js'
import { shown } from '../foreign.js'
import type { Run } from './command.js'

interface CompareFlags extends ComparisonFiles {
  readonly baseline: number | 'best'
  readonly json?: boolean
}

export const run: Run<CompareFlags, readonly [folders: readonly string[]]> = async (
  [folders],
  { baseline, json, ...files },
  { stdout, signal },
) => {
  const comparison = await compareRuns(folders, { baseline, signal })
  await writeComparison(comparison, files)
  if (json) {
    stdout.write(`${JSON.stringify(comparison)}\n`)
    return 0
  }
  stdout.write(`${comparisonText(comparison, stdout.columns)}\n`)
  const written = [files.html, files.csv, files.latex].filter(path => path !== undefined)
  if (written.length > 0) stdout.write(`\nwritten ${written.map(path => shown(path)).join(', ')}\n`)
  return 0
}
