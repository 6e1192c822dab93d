#!/usr/bin/env node
/*
 * Prints digests of what small runs end with, by every method, topology and option (cases.js), as JSON. Two states of the
 * code give the same numbers where they give the same digests:
 *
 *   node scripts/digests/index.js --backend node > after.json
 *   node scripts/digests/index.js --backend webgpu mixture grid    # those with one of these words in their names
 *
 * test/fixtures/simulate/digests.json has those of WebAssembly, which do not depend on the CPU: what its instructions give
 * is specified to the bit, but for NaNs (TensorFlow.js uses no relaxed ones), and Math.exp and Math.log are V8's own code.
 * Seen on x64 with Node 20, 22 and 24, also with V8 kept from AVX, AVX2 and FMA; not tried on ARM. Native TensorFlow takes
 * what instructions the CPU has, and a GPU adds up in the order that its driver likes: those are compared on one machine.
 * It needs dist/ (npm run build).
 */
import { parseArgs } from 'node:util'
import * as hearsay from '../../dist/index.js'
import { cases } from './cases.js'
import { digestsOf } from './digest.js'

const { backend, parts } = readArguments()
const asked = cases.filter(({ name }) => parts.length === 0 || parts.some(part => name.includes(part)))
// A case at a time, so that what was done by an interruption is not lost.
process.stdout.write('{')
for (const [i, one] of asked.entries()) {
  const startedAt = performance.now()
  const digests = await digestsOf(one, hearsay, backend)
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(2)} s  ${one.name}`)
  process.stdout.write(`${i === 0 ? '' : ','}\n  ${JSON.stringify(one.name)}: ${JSON.stringify(digests)}`)
}
process.stdout.write('\n}\n')

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { backend: { type: 'string', default: 'wasm' } },
    })
    return { ...values, parts: positionals }
  } catch (error) {
    console.error(`error: ${error.message}`)
    process.exit(2)
  }
}
