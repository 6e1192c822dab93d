import type { Random } from '../../random.js'
import { dirichlet, indicesByClass } from './classes.js'
import { smallestShard } from './dirichlet.js'

/**
 * Quantity skew: sizes from Dirichlet(alpha · 1), classes in the same proportion everywhere. Every peer first gets
 * ten samples (or ⌊n/m⌋ where there are not so many), the rest is shared out, so no draw has to be thrown away.
 */
export function quantity(
  labels: Int32Array,
  classes: number,
  peers: number,
  alpha: number,
  random: Random,
): Uint32Array[] {
  const least = Math.min(smallestShard, Math.floor(labels.length / peers))
  const rest = labels.length - least * peers
  const shares = dirichlet(alpha, peers, random)
  const order = classesInterleaved(labels, classes, random)
  let sum = 0
  let start = 0
  return Array.from(shares, (share, peer) => {
    sum += share
    const end = peer === peers - 1 ? labels.length : least * (peer + 1) + Math.min(rest, Math.floor(sum * rest))
    const shard = order.slice(start, end)
    start = end
    return shard
  })
}

/** An order in which every stretch holds the classes in the proportion of the whole, to about one sample a class. */
function classesInterleaved(labels: Int32Array, classes: number, random: Random): Uint32Array {
  const place = new Float64Array(labels.length)
  for (const list of indicesByClass(labels, classes, random)) {
    for (let rank = 0; rank < list.length; rank++) place[list[rank]!] = (rank + random.uniform()) / list.length
  }
  return Uint32Array.from(labels.keys()).sort((a, b) => place[a]! - place[b]!)
}
