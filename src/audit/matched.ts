import { group } from 'd3-array'
import { type Samples, sharedLabels, sharedNumbers, sharedPixels, takeSamples } from '../data/index.js'
import { HearsayError } from '../errors.js'
import { random } from '../random.js'
import type { Records } from './audited.js'

/** Members and others, as many of each class on both sides. */
export interface Matched {
  readonly members: Records
  readonly others: Records
  /** Of each side. */
  readonly size: number
}

/** Of fewer, one record more or less moves every figure by more than it says. */
export const leastRecords = 10

/**
 * Draws as many members as others of each class: a peer that has one class alone would else be told by the class, which says
 * nothing of any one record.
 *
 * @param most - of each side
 * @throws {@link HearsayError} `DATA` where there are too few
 */
export function matched(members: Records, others: Records, most: number, seed: number): Matched {
  const byClass = (side: 'members' | 'others', { samples }: Records): Map<number, number[]> => {
    const all = group(samples.labels.keys(), i => samples.labels[i]!)
    for (const [label, places] of all) random(seed, `audit/${side}`, label).shuffle(places)
    return all
  }
  const [inside, outside] = [byClass('members', members), byClass('others', others)]
  const pairs = [...inside].flatMap(([label, places]) => {
    const opposite = outside.get(label) ?? []
    return places.slice(0, opposite.length).map((member, at) => ({ member, other: opposite[at]! }))
  })
  if (pairs.length < leastRecords) {
    throw new HearsayError(
      'DATA',
      `there are ${pairs.length} records of the peer with others of the same class that no peer was trained on; an audit needs ${leastRecords}, so hold more back with data.testShare`,
    )
  }
  const order = random(seed, 'audit/pairs').shuffle(Uint32Array.from(pairs.keys())).subarray(0, most)
  return {
    members: taken(
      members,
      order.map(at => pairs[at]!.member),
    ),
    others: taken(
      others,
      order.map(at => pairs[at]!.other),
    ),
    size: order.length,
  }
}

/** The chosen ones, copied. */
export function taken({ samples, subjects }: Records, places: Uint32Array): Records {
  return { samples: takeSamples(samples, places), subjects: subjects && places.map(place => subjects[place]!) }
}

/** One behind the other, on shared memory. */
export function joined(a: Samples, b: Samples): Samples {
  const size = a.size + b.size
  const labels = sharedLabels(size)
  labels.set(a.labels)
  labels.set(b.labels, a.size)
  return {
    inputs: joinedRows(a.inputs, b.inputs),
    labels,
    ...(a.targets && b.targets && { targets: joinedRows(a.targets, b.targets) }),
    size,
  }
}

function joinedRows(a: Samples['inputs'], b: Samples['inputs']): Samples['inputs'] {
  const length = a.length + b.length
  const rows = a instanceof Uint8Array ? sharedPixels(length) : sharedNumbers(length)
  rows.set(a)
  rows.set(b, a.length)
  return rows
}
