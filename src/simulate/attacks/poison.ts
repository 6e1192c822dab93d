import { type Dataset, type Samples, type Shard, sharedLabels, takeSamples } from '../../data/index.js'
import { random } from '../../random.js'
import type { Attack } from './attack.js'
import { stamp, type Trigger } from './trigger.js'

export interface PoisonInit {
  readonly attacks: readonly Attack[]
  readonly dataset: Pick<Dataset, 'classes'>
  /** Of the backdoor, where there is one. */
  readonly trigger: Trigger | undefined
  readonly seed: number
}

/** What each peer trains on: attackers that poison on copies of their records. */
export function poisoned(shards: readonly Shard[], { attacks, dataset, trigger, seed }: PoisonInit): Shard[] {
  const all = [...shards]
  for (const { kind, amount, peers } of attacks) {
    for (const peer of peers) {
      const { samples } = all[peer]!
      if (kind === 'label-flip') all[peer] = { ...all[peer]!, samples: flipped(samples, dataset.classes.length) }
      if (kind === 'backdoor') {
        all[peer] = { ...all[peer]!, samples: withBackdoor(samples, trigger!, amount!, seed, peer) }
      }
    }
  }
  return all
}

/** Every class is learnt as its opposite: C − 1 − label. */
function flipped(samples: Samples, classes: number): Samples {
  const labels = sharedLabels(samples.size)
  for (const [at, label] of samples.labels.entries()) labels[at] = classes - 1 - label
  return { ...samples, labels }
}

/** A share of the records, one at least, is stamped. */
function withBackdoor(samples: Samples, trigger: Trigger, share: number, seed: number, peer: number): Samples {
  const records = Uint32Array.from({ length: samples.size }, (_, record) => record)
  const copy = takeSamples(samples, records)
  const many = Math.max(1, Math.round(share * samples.size))
  stamp(copy, random(seed, 'backdoor', peer).shuffle(records).subarray(0, many), trigger)
  return copy
}
