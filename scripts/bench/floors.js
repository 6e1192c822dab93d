import { fileURLToPath } from 'node:url'
import { startChild } from './child.js'
import { median, print } from './measure.js'
import { dense } from './models.js'

const script = fileURLToPath(new URL('products.js', import.meta.url))
/** Of each work, how often it is done in a turn: a tenth of a second or so. */
const works = { step: 300, large: 4, registers: 100 }

/**
 * What bounds a step of the MLP: its products alone on each backend, one large product, and multiplications and additions
 * in registers, turn by turn; beside them the whole step.
 *
 * @param entries - what {@link train} measured of the MLP at this batch
 * @param {{ turns: number }} pace
 */
export async function printFloors(entries, { turns }) {
  const measured = entries.filter(({ label, steps }) => ['node', 'wasm'].includes(label) && steps.sgd?.seconds)
  const rows = []
  for (const { label, threads, steps } of measured) {
    const { flops, step, large, registers } = await ratesOf(label, threads, turns)
    const whole = flops / steps.sgd.seconds
    rows.push([label, threads, ...[whole, step, large, registers].map(giga), (whole / step).toFixed(2)])
  }
  if (rows.length === 0) return
  print(
    `what bounds a step of ${dense.units.join('-')}, batch ${dense.batch}: 10⁹ multiplications and additions a second`,
    [
      [
        '',
        'threads',
        'the whole step',
        'its products alone',
        'a product of 1024×1024',
        'in registers',
        'step ÷ its products',
      ],
      ...rows,
    ],
  )
}

const giga = rate => (rate === undefined ? '' : (rate / 1e9).toFixed(1))

async function ratesOf(backend, threads, turns) {
  const child = await startChild(process.execPath, [script, backend, `${threads}`])
  const { flops } = child.hello
  const rates = Object.fromEntries(Object.keys(flops).map(work => [work, []]))
  try {
    for (let turn = -1; turn < turns; turn++) {
      for (const [work, all] of Object.entries(rates)) {
        const { seconds } = await child.ask({ work, times: works[work] })
        // The first turn warms up.
        if (turn >= 0) all.push((flops[work] * works[work]) / seconds)
      }
    }
    return { flops: flops.step, ...Object.fromEntries(Object.entries(rates).map(([work, all]) => [work, median(all)])) }
  } finally {
    await child.stop()
  }
}
