import { mix } from '../../dist/index.js'
import { createRuling, ruleSchema } from '../../dist/merge/index.js'
import { reserveVector } from '../../dist/tensors/index.js'
import { sliceLength } from '../../dist/turns.js'
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
  return [aimed('merge of 3 heads of 32 MB ÷ a plain copy', ratios, { least: 0.8 }), ...(await rules())]
}

/**
 * Merges by a rule beside the weighted mean of the same heads. A round measures how far heads lie from the own one before
 * every merge, whatever the rule (docs/belief.md): `measured` is the mean with that, which clipped gossip needs no more
 * than.
 */
async function rules() {
  const numbers = 8 * 2 ** 20
  const out = reserveVector(numbers).fill(0)
  const all = Array.from({ length: 9 }, () => reserveVector(numbers))
  for (const [peer, values] of all.entries()) for (let k = 0; k < numbers; k++) values[k] = Math.sin(peer + k)
  const rows = [['heads', 'mean GB/s', 'measured', ...ruled]]
  const aims = []
  for (const heads of [3, 5, 8, 9]) {
    const parts = all.slice(0, heads).map((values, peer) => ({ peer, weight: 1 / heads, values }))
    const works = {
      mean: () => summed(out, parts),
      measured() {
        measured(createRuling({ rule: 'clip' }), parts)
        summed(out, parts)
      },
    }
    for (const rule of ruled) if (heads > 3 || !pairwise.includes(rule)) works[rule] = ruledMerge(rule, out, parts)
    const seconds = await turns(works, 11)
    const ratio = name => (name in works ? median(over(seconds.mean, seconds[name])).toFixed(2) : '–')
    const speeds = seconds.mean.map(s => ((heads + 1) * numbers * 4) / s / 1e9)
    rows.push([heads, median(speeds).toFixed(1), ratio('measured'), ...ruled.map(ratio)])
    if (heads !== 8) continue
    const [clip, trimmed] = [over(seconds.measured, seconds.clip), over(seconds.mean, seconds['trimmed-mean'])]
    aims.push(aimed('clipped gossip of 8 heads ÷ their weighted mean, measured', clip, { least: 0.6 }))
    aims.push(aimed('trimmed mean of 8 heads ÷ their weighted mean', trimmed, { least: 0.15 }))
  }
  print('rules: their speed over that of the weighted mean', rows)
  return aims
}

const pairwise = ['multi-krum', 'geometric-median', 'centred-clip']
const ruled = ['clip', 'trimmed-mean', 'median', ...pairwise]

/** As a round does it; ranks need no distances, and are merged alone. */
function ruledMerge(rule, out, parts) {
  const ruling = createRuling(ruleSchema.parse(rule))
  const isOfRanks = ['trimmed-mean', 'median'].includes(rule)
  return async () => {
    const measure = isOfRanks ? undefined : measured(ruling, parts)
    const asked = { parts, self: 0, measure, step: 0, found: 0, norm: 1, moved: 0, progress: 0, inPieces }
    const { vectors, write } = await ruling.rule(asked)
    sliced(out.length, vectors, (from, to) => write(out, from, to))
  }
}

function measured(ruling, [{ values: own }, ...rest]) {
  const others = new Map(rest.map(({ peer, values }) => [peer, values]))
  const measure = ruling.measure({ self: 0, own, others })
  sliced(own.length, measure.vectors, ...measure.rows)
  return measure
}

function summed(out, parts) {
  sliced(out.length, parts.length, (from, to) => mix(out, parts, from, to))
}

function sliced(length, vectors, ...works) {
  const step = sliceLength(vectors)
  for (let from = 0; from < length; from += step) {
    for (const work of works) work(from, Math.min(from + step, length))
  }
}

/** Without turns of the event loop, as slices here are. */
async function inPieces(count, _, work) {
  for (let at = 0; at < count; at++) work(at)
}
