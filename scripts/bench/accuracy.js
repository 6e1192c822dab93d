import { mean } from 'd3-array'
import { print } from './measure.js'
import { findMnist, noMnist } from './mnist.js'
import { beginningOf, manifestOf, ours, peers, theirs } from './pairing.js'
import { findTorch, noTorch } from './torch.js'

const seeds = [1, 2, 3, 4, 5]
const rounds = 10

/**
 * Whether the peers learn what a plain PyTorch copy of the loop learns: from the same shares, standardisation and first
 * model, in another order of the samples. Accuracy on the whole test set, the mean of the peers' models, in percent.
 */
export async function accuracy() {
  const data = findMnist()
  const torch = findTorch()
  if (data === undefined || torch === undefined) {
    console.log(`\naccuracy: ${data === undefined ? noMnist : noTorch}`)
    return
  }
  const rows = [['', ...seeds.map(seed => `seed ${seed}`), 'mean', 'difference of the means']]
  for (const merge of ['dfedavg', 'dfedsam']) {
    const [mine, other] = [[], []]
    for (const seed of seeds) {
      const task = { data, model: 'mlp', merge, rounds, seed }
      const beginning = beginningOf(task)
      try {
        mine.push(100 * (await ours(manifestOf(task), 'auto')).accuracy)
        other.push(100 * (await theirs(torch, [peers], beginning, task)).accuracy)
      } finally {
        beginning.remove()
      }
    }
    const row = (who, values, ...last) => [who, ...[...values, mean(values)].map(value => value.toFixed(2)), ...last]
    rows.push(
      row(`Hearsay, ${merge}`, mine, (mean(mine) - mean(other)).toFixed(2)),
      row(`PyTorch, ${merge}`, other, ''),
    )
  }
  print(`accuracy: ${data.name}, ${peers} peers, ring, MLP 200-200, ${rounds} rounds, %`, rows)
}
