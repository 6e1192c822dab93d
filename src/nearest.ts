import leven from 'leven'

/** A hostile file may hold a very long word; no name of ours is near it, and the comparison is quadratic. */
const longestWord = 64

/** The word that a misspelt one was most likely meant to be: fewest letters changed, and at most a third of them. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined
  const ranked = allowed
    .map(name => ({ name, changes: leven(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, changes }) => changes <= Math.ceil(name.length / 3))
    .sort((a, b) => a.changes - b.changes)
  return ranked[0]?.name
}

/** The end of a message about a word that is not allowed: `; did you mean "ring"?`, or nothing. */
export function didYouMean(word: unknown, allowed: readonly string[]): string {
  const close = typeof word === 'string' ? nearest(word, allowed) : undefined
  return close === undefined ? '' : `; did you mean "${close}"?`
}
