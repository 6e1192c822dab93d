import { random } from '../random.js'
import { unitsOf } from './groups.js'

/** Which samples belong together: a number per sample each, the same for those that do. */
export interface Belonging {
  /** The natural peer. Left out, all are of one. */
  readonly peers?: Uint16Array | undefined
  /** What is never on both sides: the same patient. Left out, each sample stands for itself. */
  readonly groups?: Uint32Array | undefined
}

/**
 * Holds back a share of the samples, of each class alike and, where samples belong to natural peers, within each
 * peer; groups go whole to one side. The same seed holds back the same samples. Indices come out ascending.
 *
 * The share is carried over from one class to the next, so small ones do not all round the same way, and a group goes
 * to the side that brings the share nearer; the last of a class always stays for training, so that no class of a peer
 * vanishes. A group counts for the peer of its first sample and for the rarest of its classes.
 *
 * @param labels - class indices
 * @param share - 0 to 1: how much to hold back
 */
export function stratifiedSplit(
  labels: Int32Array,
  share: number,
  seed: number,
  { peers, groups }: Belonging = {},
): { train: Uint32Array; test: Uint32Array } {
  const units = unitsOf(labels, groups)
  const strata = new Map<number, number[]>()
  const classes = labels.reduce((most, label) => Math.max(most, label), -1) + 1
  for (const [unit, label] of units.labels.entries()) {
    const key = (peers?.[units.first[unit]!] ?? 0) * classes + label
    const stratum = strata.get(key)
    if (stratum === undefined) strata.set(key, [unit])
    else stratum.push(unit)
  }
  const generator = random(seed, 'data/test-split')
  const isHeld = new Uint8Array(units.sizes.length)
  let owed = 0
  for (const key of [...strata.keys()].sort((a, b) => a - b)) {
    const stratum = generator.shuffle(strata.get(key)!)
    // One product: a sum of as many shares as there are samples would drift.
    owed += share * stratum.reduce((sum, unit) => sum + units.sizes[unit]!, 0)
    for (const unit of stratum.slice(0, -1)) {
      const size = units.sizes[unit]!
      if (Math.ceil(size / 2) > owed + 1e-9) continue
      isHeld[unit] = 1
      owed -= size
    }
  }
  const samples = Uint32Array.from(labels.keys())
  return {
    train: samples.filter(sample => isHeld[units.of[sample]!] === 0),
    test: samples.filter(sample => isHeld[units.of[sample]!] === 1),
  }
}
