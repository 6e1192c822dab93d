import { dataError } from './limits.js'
import type { Part, Source } from './source.js'

/*
 * Rows of one group (of one patient, of one device) are alike. A model that is tested on rows of a group that it was
 * trained on shows how well it knows the group again, and not how well it does on others.
 */

/** What is dealt and held back whole: a group each, or a sample each where nothing is said of groups. */
export interface Units {
  /** The unit of each sample. */
  readonly of: Uint32Array
  /** How many samples each has. */
  readonly sizes: Uint32Array
  /** Of each, the one of its classes that is rarest in all samples: it can least be left to chance. */
  readonly labels: Int32Array
  /** The first sample of each. */
  readonly first: Uint32Array
}

/**
 * @param labels - class indices
 * @param groups - one number per sample, the same for those of one group
 */
export function unitsOf(labels: Int32Array, groups?: Uint32Array): Units {
  if (groups === undefined) {
    const each = Uint32Array.from(labels.keys())
    return { of: each, sizes: new Uint32Array(labels.length).fill(1), labels, first: each }
  }
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  const places = new Map<number, number>()
  const of = new Uint32Array(labels.length)
  const [sizes, rarest, first]: [number[], number[], number[]] = [[], [], []]
  for (const [sample, label] of labels.entries()) {
    const unit = places.get(groups[sample]!) ?? places.size
    of[sample] = unit
    if (unit === places.size) {
      places.set(groups[sample]!, unit)
      sizes.push(0)
      rarest.push(label)
      first.push(sample)
    }
    sizes[unit]!++
    if (counts.get(label)! < counts.get(rarest[unit]!)!) rarest[unit] = label
  }
  return { of, sizes: Uint32Array.from(sizes), labels: Int32Array.from(rarest), first: Uint32Array.from(first) }
}

/**
 * Are the groups of a source's own test and validation data others than those that are trained on, and than each other's?
 *
 * @throws {@link HearsayError} `DATA` naming two rows of one group
 */
export function checkGroups({ train, validation, test }: Source): void {
  const seen = new Map<number, () => string>()
  for (const part of [train, validation, test]) {
    if (part?.groups === undefined) continue
    const own = new Map<number, () => string>()
    for (const [sample, group] of part.groups.entries()) {
      const other = seen.get(group)
      if (other !== undefined) {
        throw dataError(
          part.place(sample),
          `is of the same group (data.groupColumn) as ${other()}, which is in another part; keep the rows of a group in one part, or leave the test data to hearsay`,
        )
      }
      if (!own.has(group)) own.set(group, () => part.place(sample))
    }
    for (const [group, place] of own) seen.set(group, place)
  }
}

/** Which groups several natural peers have rows of: what one trains on may be what another is tested on in the field. */
export function groupNotes({ groups, peers, place }: Part): string[] {
  if (groups === undefined || peers === undefined) return []
  const first = new Map<number, number>()
  const torn = new Set<number>()
  let example = ''
  for (const [sample, group] of groups.entries()) {
    const other = first.get(group)
    if (other === undefined) first.set(group, sample)
    else if (peers[other] !== peers[sample] && !torn.has(group)) {
      if (torn.size === 0) example = `${place(other)} and ${place(sample)}`
      torn.add(group)
    }
  }
  if (torn.size === 0) return []
  const what = torn.size === 1 ? 'one group has' : `${torn.size} groups have`
  return [`${what} rows at more than one natural peer (data.groupColumn), like ${example}`]
}
