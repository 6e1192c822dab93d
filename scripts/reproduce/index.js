#!/usr/bin/env node
// What papers promise, run again with Hearsay on real data: `npm run reproduce -- dflmoe`, `-- robust`,
// `-- private` and `-- bytes`. Writes a page with tables, a plot and the raw numbers into docs/results; what people wrote on the page stays.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { HearsayError } from '../../dist/index.js'
import { bytes } from './bytes.js'
import { dflmoe } from './dflmoe.js'
import { privately } from './private.js'
import { robust } from './robust.js'

const papers = { dflmoe, robust, private: privately, bytes }
const backends = ['auto', 'node-gpu', 'webgpu', 'node', 'wasm']

const { paper, options } = readArguments()
try {
  await papers[paper](options)
} catch (error) {
  if (!(error instanceof HearsayError)) throw error
  console.error(`error: ${error.message}`)
  process.exitCode = 1
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        resume: { type: 'boolean', default: false },
        minutes: { type: 'string' },
        backend: { type: 'string', default: 'auto' },
        out: { type: 'string', default: fileURLToPath(new URL('../../docs/results', import.meta.url)) },
      },
    })
    const names = Object.keys(papers).join(', ')
    if (positionals.length !== 1) throw new Error(`name one of ${names}`)
    const [paper] = positionals
    if (!Object.hasOwn(papers, paper)) throw new Error(`there is no "${paper}"; there are ${names}`)
    if (!backends.includes(values.backend)) {
      throw new Error(`--backend ${values.backend}: must be one of ${backends.join(', ')}`)
    }
    return { paper, options: { ...values, minutes: minutesOf(values.minutes, paper) } }
  } catch (error) {
    console.error(`error: ${error.message}`)
    process.exit(2)
  }
}

/** Only the tables of `bytes` are made of whatever runs there are. */
function minutesOf(text, paper) {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (paper !== 'bytes') throw new Error('--minutes goes with bytes; remove it')
  const minutes = Number(text)
  if (!(minutes > 0)) throw new Error(`--minutes ${text}: must be a number above 0`)
  return minutes
}
