/**
 * A function that remembers what it has made of the last few keys: the oldest is forgotten, and made again if it is asked
 * for.
 *
 * @param limit - how many are held
 */
export function held<K, V>(limit: number, make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return key => {
    const before = known.get(key)
    if (before !== undefined) return before
    const made = make(key)
    if (known.size === limit) known.delete(known.keys().next().value!)
    known.set(key, made)
    return made
  }
}
