import { extname } from 'node:path'

/** As many kinds are named; of a folder of everything the rest is a number. */
const kindsNamed = 6

/**
 * What a reader left out, in a sentence, so that nothing is left out without a word: "8 of 24 files passed over (4 .bmp,
 * 4 .svg)".
 *
 * @param kinds - of each file left out, as {@link kindOfFile} has them, or in words
 * @param taken - how many files were read
 * @returns undefined when nothing was left out
 */
export function passedOver(kinds: readonly string[], taken: number): string | undefined {
  if (kinds.length === 0) return undefined
  const total = kinds.length + taken
  return `${kinds.length} of ${total} ${total === 1 ? 'file' : 'files'} passed over (${counted(kinds, kindsNamed)})`
}

/** A file's kind by its name: ".bmp". */
export function kindOfFile(name: string): string {
  return extname(name).toLowerCase() || 'without an ending'
}

/** How often each occurs, the most frequent first: "12 .bmp, 4 .svg and 3 others". */
export function counted(kinds: Iterable<string>, named: number): string {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const byCount = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const shown = byCount.slice(0, named).map(([kind, times]) => `${times} ${kind}`)
  const others = byCount.slice(named).reduce((sum, [, times]) => sum + times, 0)
  return others === 0 ? shown.join(', ') : `${shown.join(', ')} and ${others} others`
}
