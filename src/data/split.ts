import { random } from '../random.js'

/**
 * Holds back a share of the samples, of each class alike and, where samples belong to natural peers, within each
 * peer. The same seed holds back the same samples. Indices come out ascending.
 *
 * The share is carried over from one group to the next, so small groups do not all round the same way; a group's last
 * sample always stays for training, so that no class of a peer vanishes.
 *
 * @param labels - class indices
 * @param share - 0 to 1: how much to hold back
 * @param peers - the natural peer of each sample
 */
export function stratifiedSplit(
  labels: Int32Array,
  share: number,
  seed: number,
  peers?: Uint16Array,
): { train: Uint32Array; test: Uint32Array } {
  const groups = new Map<number, number[]>()
  const classes = labels.reduce((most, label) => Math.max(most, label), -1) + 1
  for (let i = 0; i < labels.length; i++) {
    const key = (peers?.[i] ?? 0) * classes + labels[i]!
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [i])
    else group.push(i)
  }
  const generator = random(seed, 'data/test-split')
  const train: number[] = []
  const test: number[] = []
  let owed = 0
  for (const key of [...groups.keys()].sort((a, b) => a - b)) {
    const group = generator.shuffle(groups.get(key)!)
    owed += share * group.length
    const held = Math.min(Math.floor(owed + 1e-9), group.length - 1)
    owed -= held
    for (const [at, sample] of group.entries()) (at < held ? test : train).push(sample)
  }
  return { train: Uint32Array.from(train).sort(), test: Uint32Array.from(test).sort() }
}
