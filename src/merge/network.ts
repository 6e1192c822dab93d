/**
 * Pairs of places whose exchanges, in order and each putting the smaller number first, sort `count` numbers: Batcher's
 * merge exchange (Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M). About n·log²n/4 of them, the same
 * ones whatever the numbers are, so that a kernel sorts many places side by side.
 */
export function sortingNetwork(count: number): readonly (readonly [low: number, high: number])[] {
  const pairs: [number, number][] = []
  const top = 2 ** Math.max(0, Math.ceil(Math.log2(count)) - 1)
  for (let p = top; p >= 1 && count > 1; p /= 2) {
    for (let q = top, r = 0, d = p; ; d = q - p, q /= 2, r = p) {
      for (let low = 0; low < count - d; low++) if ((low & p) === r) pairs.push([low, low + d])
      if (q === p) break
    }
  }
  return pairs
}
