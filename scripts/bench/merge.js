import { mix } from '../../dist/index.js'
import { reserveVector } from '../../dist/tensors/index.js'
import { aimed } from './aims.js'
import { median, over, print, turns } from './measure.js'

/**
 * The merge reads each head once and writes one: bytes moved over seconds, beside a plain copy of as many bytes. As in
 * a round, all lie in the memory for kernels.
 */
export async function merge() {
  const numbers = 8 * 2 ** 20
  const rows = [['heads', 'merge GB/s', 'copy GB/s', 'ratio']]
  const ratios = []
  for (const heads of [2, 3, 5, 9, 17]) {
    const vectors = Array.from({ length: heads }, (_, peer) => reserveVector(numbers).fill(peer + 0.5))
    const out = reserveVector(numbers).fill(0)
    const contributions = vectors.map((values, peer) => ({ peer, weight: 1 / heads, values }))
    const seconds = await turns(
      {
        merge: () => mix(out, contributions),
        // A copy reads and writes: (heads + 1) / 2 of them move what the merge moves.
        copy: () => vectors.forEach(values => void out.set(values)),
      },
      21,
    )
    const merged = seconds.merge.map(s => ((heads + 1) * numbers * 4) / s / 1e9)
    const copied = seconds.copy.map(s => (2 * heads * numbers * 4) / s / 1e9)
    rows.push([heads, median(merged).toFixed(1), median(copied).toFixed(1), median(over(merged, copied)).toFixed(2)])
    if (heads === 3) ratios.push(...over(merged, copied))
  }
  print('merge: bytes read and written by one weighted sum of heads of 32 MB', rows)
  return [aimed('merge of 3 heads of 32 MB ÷ a plain copy', ratios, { least: 0.8 })]
}
