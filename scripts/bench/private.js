import { fileURLToPath } from 'node:url'
import { aimed } from './aims.js'
import { startChild } from './child.js'
import { median, over, print } from './measure.js'
import { models } from './models.js'

const stepsScript = fileURLToPath(new URL('steps.js', import.meta.url))
const batch = 32

/**
 * A private training step beside a plain one of as many samples in the mean, turn by turn in one process.
 *
 * @param {{ quick: boolean, only?: string[] }} options
 */
export async function privateSteps({ quick, only }) {
  const { turns, turnSeconds } = quick ? { turns: 5, turnSeconds: 0.4 } : { turns: 11, turnSeconds: 1.5 }
  const aims = []
  const rows = []
  for (const [name, { title }] of Object.entries(models)) {
    if (only !== undefined && !only.includes(name)) continue
    for (const backend of ['node', 'wasm']) {
      const child = await startChild(process.execPath, [stepsScript, name, batch, backend, 1].map(String))
      if (child.hello.unavailable !== undefined) rows.push([title, backend, `not here: ${child.hello.unavailable}`])
      else {
        const { plain, ofPrivate } = await race(child, turns, turnSeconds)
        const ratios = over(ofPrivate, plain)
        const cells = [median(plain), median(ofPrivate)].map(seconds => (1000 * seconds).toFixed(2))
        rows.push([title, backend, ...cells, median(ratios).toFixed(2)])
        const aim = `private step ÷ plain step, ${title}, ${backend}`
        if (name === 'lenet5' && backend === 'node') aims.push(aimed(aim, ratios, { most: 2.5 }))
      }
      await child.stop()
    }
  }
  print(`private steps: batch ${batch}, one thread`, [['', '', 'plain ms', 'private ms', '÷'], ...rows])
  return aims
}

/** Seconds a step of both kinds, one for each turn. */
async function race(child, turns, turnSeconds) {
  const perStep = async (steps, isPrivate) => (await child.ask({ steps, rho: 0, isPrivate })).seconds / steps
  const counts = []
  for (const isPrivate of [false, true]) {
    // The first step compiles.
    await perStep(2, isPrivate)
    counts.push(Math.max(2, Math.round(turnSeconds / (await perStep(4, isPrivate)))))
  }
  const [plain, ofPrivate] = [[], []]
  for (let turn = 0; turn < turns; turn++) {
    plain.push(await perStep(counts[0], false))
    ofPrivate.push(await perStep(counts[1], true))
  }
  return { plain, ofPrivate }
}
