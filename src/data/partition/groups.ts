import { HearsayError } from '../../errors.js'
import type { Random } from '../../random.js'
import { unitsOf } from '../groups.js'

/**
 * Deals groups as others deal samples, each whole to one peer and by the rarest of its classes. What a deal of equal
 * numbers leaves over goes where the fewest samples are, since a group may be a large part of all.
 *
 * @param deal - of so many classed units, the places of those that each peer gets, none twice
 * @throws {@link HearsayError} when there are fewer groups than peers
 */
export function dealGroups(
  labels: Int32Array,
  groups: Uint32Array,
  peers: number,
  random: Random,
  deal: (labels: Int32Array) => Uint32Array[],
): Uint32Array[] {
  const units = unitsOf(labels, groups)
  const count = units.sizes.length
  if (peers > count) {
    throw new HearsayError(
      'DATA',
      `${peers} peers for ${count} groups (data.groupColumn) to train on; at most ${count} peers`,
      { field: 'partition' },
    )
  }
  const owners = new Int32Array(count).fill(-1)
  const sizes = new Array<number>(peers).fill(0)
  const give = (unit: number, peer: number): void => {
    owners[unit] = peer
    sizes[peer]! += units.sizes[unit]!
  }
  for (const [peer, shard] of deal(units.labels).entries()) for (const unit of shard) give(unit, peer)
  const left = random.shuffle(Uint32Array.from(owners.keys()).filter(unit => owners[unit]! < 0))
  for (const unit of left) give(unit, sizes.indexOf(Math.min(...sizes)))
  const shards = sizes.map(size => new Uint32Array(size))
  const filled = new Uint32Array(peers)
  for (const [sample, unit] of units.of.entries()) {
    const peer = owners[unit]!
    shards[peer]![filled[peer]!++] = sample
  }
  return shards
}
