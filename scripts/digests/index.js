#!/usr/bin/env node
/*
 * Prints digests of what small runs end with, by every method, topology and option (cases.js), as JSON. Two states of the
 * code give the same numbers where they give the same digests:
 *
 *   node scripts/digests/index.js --backend node > after.json
 *
 * By WebAssembly they are the same on every machine, and test/fixtures/simulate/digests.json has them. Native TensorFlow
 * takes the instructions that the CPU has, and a GPU the order of sums that its driver likes: their digests are compared
 * on one machine. It needs dist/ (npm run build).
 */
import { parseArgs } from 'node:util'
import * as hearsay from '../../dist/index.js'
import { cases } from './cases.js'
import { digestsOf } from './digest.js'

const { backend, only } = readArguments()
const lines = []
for (const one of cases.filter(({ name }) => only === undefined || name.includes(only))) {
  const startedAt = performance.now()
  const digests = await digestsOf(one, hearsay, backend)
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(2)} s  ${one.name}`)
  lines.push(`  ${JSON.stringify(one.name)}: ${JSON.stringify(digests)}`)
}
console.log(`{\n${lines.join(',\n')}\n}`)

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { backend: { type: 'string', default: 'wasm' }, only: { type: 'string' } },
    })
    return values
  } catch (error) {
    console.error(`error: ${error.message}`)
    process.exit(2)
  }
}
