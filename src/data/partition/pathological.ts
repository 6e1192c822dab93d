import { HearsayError } from '../../errors.js'
import type { Random } from '../../random.js'
import { indicesByClass } from './classes.js'

/**
 * Each peer draws `classesPerPeer` classes without replacement and ⌊n/m⌋ samples from them, each class as likely. A
 * class that has run out starts again at a random place, so samples may repeat, across peers and within one: that is
 * how the published experiments were made.
 *
 * @throws {@link HearsayError} when the data have fewer classes than a peer should see
 */
export function pathological(
  labels: Int32Array,
  classes: number,
  peers: number,
  classesPerPeer: number,
  random: Random,
): Uint32Array[] {
  const lists = indicesByClass(labels, classes, random)
  const present = Uint32Array.from(lists.keys()).filter(label => lists[label]!.length > 0)
  if (classesPerPeer > present.length) {
    throw new HearsayError(
      'DATA',
      `pathological with ${classesPerPeer} classes a peer, but the training samples have ${present.length}; take at most that many`,
      { field: 'partition' },
    )
  }
  const left = lists.map(list => list.length)
  const chosen = Array.from({ length: peers }, () => random.shuffle(present.slice()).slice(0, classesPerPeer))
  const size = Math.floor(labels.length / peers)
  const shards = chosen.map(() => new Uint32Array(size))
  const filled = new Uint32Array(peers)
  const open = Array.from(shards.keys())
  while (open.length > 0) {
    const at = random.integer(open.length)
    const peer = open[at]!
    const label = drawClass(chosen[peer]!, lists, left, random)
    left[label]!--
    shards[peer]![filled[peer]!++] = lists[label]![left[label]!]!
    if (filled[peer] === size) {
      open[at] = open[open.length - 1]!
      open.pop()
    }
  }
  return shards
}

function drawClass(chosen: Uint32Array, lists: readonly Uint32Array[], left: number[], random: Random): number {
  for (;;) {
    const label = chosen[random.integer(chosen.length)]!
    if (left[label]! > 0) return label
    // From 1 to the whole list. From 0, as published, a class of one sample would refill with nothing for ever.
    left[label] = 1 + random.integer(lists[label]!.length)
  }
}
