import { codecNames, codecOf, encodingSchema } from '../../dist/codec/index.js'
import { layoutOf, reserveVector } from '../../dist/tensors/index.js'
import { aimed } from './aims.js'
import { median, print, turns } from './measure.js'

/** A head as large as ResNet-18's, to bytes and back, by every codec with its own numbers; memory as in a round. */
export async function codecs({ quick }) {
  const numbers = 11_000_000
  const layout = layoutOf([{ name: 'output/kernel', shape: [numbers] }])
  const values = reserveVector(numbers)
  for (let i = 0; i < numbers; i++) values[i] = normal()
  const out = reserveVector(numbers)
  const rows = [
    ['', 'times fewer bytes', 'encode GB/s', 'decode GB/s', 'both GB/s', 'relative error of normal numbers'],
  ]
  const aims = []
  for (const name of codecNames()) {
    const codec = codecOf(encodingSchema().parse(name))
    const into = new Uint8Array(codec.size(layout).most)
    const seconds = await turns(
      {
        encode: () => codec.encode(layout, values, into).passes.forEach(pass => void pass(0, numbers)),
        decode: () => codec.decode(layout, into, out)(0, numbers),
      },
      quick ? 3 : 9,
    )
    const rates = of => of.map(s => (4 * numbers) / s / 1e9)
    const both = rates(seconds.encode.map((s, turn) => s + seconds.decode[turn]))
    rows.push([
      name,
      ((4 * numbers) / into.length).toFixed(1),
      ...[rates(seconds.encode), rates(seconds.decode), both].map(of => median(of).toFixed(2)),
      relativeError(out, values).toExponential(1),
    ])
    if (name === 'topk') aims.push(aimed('topk of 1 %, encode and decode: GB/s of float32', both, { least: 1.5 }))
  }
  print(`codecs: ${numbers / 1e6} million numbers to bytes and back, by one thread`, rows)
  return aims
}

/** A number of the standard normal distribution. */
export function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}

/** How far a vector has come from another, of that one's norm. */
export function relativeError(arrived, values) {
  let difference = 0
  let whole = 0
  for (let i = 0; i < values.length; i++) {
    difference += (arrived[i] - values[i]) ** 2
    whole += values[i] ** 2
  }
  return Math.sqrt(difference / whole)
}
