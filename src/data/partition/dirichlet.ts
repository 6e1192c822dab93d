import { HearsayError } from '../../errors.js'
import type { Random } from '../../random.js'
import { dirichlet, indicesByClass } from './classes.js'

/** Fewer samples than this and a class-wise split is drawn again, as most frameworks do. */
export const smallestShard = 10

/** After so many draws without a split where all peers have {@link smallestShard} samples, another one is hopeless. */
export const redraws = 10_000

/**
 * Client-wise Dirichlet (the DFedSAM lineage, arXiv 2302.04083): every peer gets ⌊n/m⌋ samples and draws the class
 * of each from a prior of its own, Dirichlet(alpha · 1). A class that has run out is skipped, which is a draw from the
 * prior over the classes that are left.
 */
export function dirichletByClient(
  labels: Int32Array,
  classes: number,
  peers: number,
  alpha: number,
  random: Random,
): Uint32Array[] {
  const lists = indicesByClass(labels, classes, random)
  const used = new Uint32Array(classes)
  const priors = Array.from({ length: peers }, () => dirichlet(alpha, classes, random))
  const size = Math.floor(labels.length / peers)
  const shards = priors.map(() => new Uint32Array(size))
  const filled = new Uint32Array(peers)
  let left = Array.from(lists.keys()).filter(label => lists[label]!.length > 0)
  // Uniform over the peers that are not full: the same law as uniform over all and skip the full ones.
  const open = Array.from(shards.keys())
  while (open.length > 0) {
    const at = random.integer(open.length)
    const peer = open[at]!
    const label = drawClass(priors[peer]!, left, random)
    shards[peer]![filled[peer]!++] = lists[label]![used[label]!++]!
    if (used[label] === lists[label]!.length) left = left.filter(other => other !== label)
    if (filled[peer] === size) {
      open[at] = open[open.length - 1]!
      open.pop()
    }
  }
  return shards
}

/** A class from the prior renormalised over what is left. */
function drawClass(prior: Float64Array, left: readonly number[], random: Random): number {
  let mass = 0
  for (const label of left) mass += prior[label]!
  // A small alpha leaves no mass at all on some classes; plain redrawing would then hang.
  if (!(mass > 0)) return left[random.integer(left.length)]!
  let at = random.uniform() * mass
  for (const label of left) {
    at -= prior[label]!
    if (at < 0) return label
  }
  return left.findLast(label => prior[label]! > 0)!
}

/**
 * Class-wise Dirichlet (most frameworks): each class is cut by p ~ Dirichlet(alpha · 1) over the peers. Sizes differ.
 * Drawn again while some peer has fewer than ten samples.
 *
 * @throws {@link HearsayError} when that cannot be, or {@link redraws} draws did not bring it about
 */
export function dirichletByClass(
  labels: Int32Array,
  classes: number,
  peers: number,
  alpha: number,
  random: Random,
): Uint32Array[] {
  if (labels.length < smallestShard * peers) {
    throw new HearsayError(
      'DATA',
      `${labels.length} samples for ${peers} peers; dirichlet by class gives each at least ${smallestShard} (groups, with data.groupColumn), so at most ${Math.floor(labels.length / smallestShard)} peers`,
      { field: 'partition' },
    )
  }
  const lists = indicesByClass(labels, classes, random)
  for (let draw = 0; draw < redraws; draw++) {
    const cuts = lists.map(list => cutPoints(dirichlet(alpha, peers, random), list.length))
    const sizes = new Uint32Array(peers)
    for (const cut of cuts) for (let peer = 0; peer < peers; peer++) sizes[peer]! += cut[peer + 1]! - cut[peer]!
    if (sizes.every(size => size >= smallestShard)) return cutLists(lists, cuts, sizes)
  }
  throw new HearsayError(
    'DATA',
    `in ${redraws} draws of dirichlet by class with alpha ${alpha} some of ${peers} peers had fewer than ${smallestShard} samples; take a larger alpha, fewer peers, or mode client`,
    { field: 'partition' },
  )
}

function cutPoints(shares: Float64Array, length: number): Uint32Array {
  const cuts = new Uint32Array(shares.length + 1)
  let sum = 0
  for (let peer = 0; peer < shares.length; peer++) {
    sum += shares[peer]!
    cuts[peer + 1] = Math.min(length, Math.floor(sum * length))
  }
  cuts[shares.length] = length
  return cuts
}

function cutLists(lists: readonly Uint32Array[], cuts: readonly Uint32Array[], sizes: Uint32Array): Uint32Array[] {
  return Array.from(sizes, (size, peer) => {
    const shard = new Uint32Array(size)
    let at = 0
    for (const [label, cut] of cuts.entries()) {
      const piece = lists[label]!.subarray(cut[peer]!, cut[peer + 1]!)
      shard.set(piece, at)
      at += piece.length
    }
    return shard
  })
}
