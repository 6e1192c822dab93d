import { resolve } from 'node:path'
import { type ComparisonFiles, compareRuns, comparisonText, writeComparison } from '../compare/index.js'
import { HearsayError } from '../errors.js'
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
  mustDiffer(files)
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

/** @throws {@link HearsayError} `USAGE` where one file would take the place of another */
export function mustDiffer({ html, csv, latex }: ComparisonFiles): void {
  const flags = new Map<string, string>()
  for (const [flag, path] of Object.entries({ '--html': html, '--csv': csv, '--latex': latex })) {
    if (path === undefined) continue
    const other = flags.get(resolve(path))
    if (other !== undefined) {
      throw new HearsayError('USAGE', `is the file of ${other} too; name another`, { field: flag, value: path })
    }
    flags.set(resolve(path), flag)
  }
}
