import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { version } from '../report/index.js'
import { countOf, firstOf } from '../watch/index.js'
import { type KeptRun, readRuns } from './runs.js'
import type { ComparedTable, CompareOptions, Comparison } from './shape.js'
import { comparableRuns, primariesIn, tableOf } from './tables.js'

/** As many as a sweep has runs at most. */
export const foldersLimit = 10_000

/**
 * Compares run folders: simulations, runs in the field, and those that are not over. Runs whose manifests are equal but
 * for the seed are one variant.
 *
 * @throws {@link HearsayError} `RUN` or `MANIFEST` with the name of what is no run folder, `USAGE` where there are too
 * many or the baseline is none of the variants; the signal's reason
 */
export async function compareRuns(
  folders: readonly string[],
  { baseline = 1, among, signal }: CompareOptions = {},
): Promise<Comparison> {
  if (folders.length > foldersLimit) {
    throw new HearsayError(
      'USAGE',
      `compare at most ${foldersLimit} run folders at a time; these are ${folders.length}`,
    )
  }
  const { runs, notes } = await readRuns(folders, signal)
  const groups = comparableRuns(runs)
  const tables = groups.map(group => tableOf(group, baseline, among))
  return {
    tables,
    notes: [...notes, ...incompleteNotes(tables), ...apartNotes(tables), ...figureNotes(groups)],
    version,
  }
}

function incompleteNotes(tables: readonly ComparedTable[]): string[] {
  const runs = tables.flatMap(({ variants }) => variants.flatMap(({ runs }) => runs))
  const short = runs.flatMap(({ incomplete, wanted }) =>
    incomplete.map(({ folder, rounds }) => `${shown(folder)} (${rounds} of ${countOf(wanted, 'round')})`),
  )
  if (short.length === 0) return []
  return [`not complete, compared at the rounds that they have: ${firstOf(short)}`]
}

function apartNotes(tables: readonly ComparedTable[]): string[] {
  if (tables.length < 2) return []
  return ['what is learned differs between the tables, so that no figure of one can be compared with another’s']
}

function figureNotes(groups: readonly (readonly KeptRun[])[]): string[] {
  const mixed = groups.map(primariesIn).filter(all => all.length > 1)
  return mixed.map(
    all => `evaluation.primary differs (${all.join(', ')}), so that these runs are compared by their measure`,
  )
}
