import { mix } from '../../dist/index.js'
import { inTurn, print } from './measure.js'

/** The merge reads each head once and writes one: bytes moved over seconds, beside a plain copy of as many bytes. */
export async function merge() {
  const numbers = 8 * 2 ** 20
  const rows = [['heads', 'merge GB/s', 'copy GB/s', 'ratio']]
  for (const heads of [2, 3, 5, 9, 17]) {
    const vectors = Array.from({ length: heads }, (_, peer) => new Float32Array(numbers).fill(peer + 0.5))
    const out = new Float32Array(numbers)
    const contributions = vectors.map((values, peer) => ({ peer, weight: 1 / heads, values }))
    const seconds = await inTurn(
      {
        merge: () => mix(out, contributions),
        // A copy reads and writes: (heads + 1) / 2 of them move what the merge moves.
        copy: () => vectors.forEach(values => void out.set(values)),
      },
      21,
    )
    const merged = ((heads + 1) * numbers * 4) / seconds.merge / 1e9
    const copied = (2 * heads * numbers * 4) / seconds.copy / 1e9
    rows.push([heads, merged.toFixed(1), copied.toFixed(1), (merged / copied).toFixed(2)])
  }
  print('merge: bytes read and written by one weighted sum of heads of 32 MB', rows)
}
