#!/usr/bin/env node
// What Hearsay's parts cost, each beside the floor that bounds it, in one run: `npm run bench`, or
// `npm run bench -- train simulate` for some of them. Machines differ and are busy: read the ratios.
// docs/performance.md says how to read and repeat the tables.
import os from 'node:os'
import { parseArgs } from 'node:util'
import { accuracy } from './accuracy.js'
import { printAims } from './aims.js'
import { evaluate } from './evaluate.js'
import { exchange } from './exchange.js'
import { log } from './log.js'
import { merge } from './merge.js'
import { mixture } from './mixture.js'
import { models } from './models.js'
import { peers } from './peers.js'
import { privateSteps } from './private.js'
import { publish } from './publish.js'
import { series } from './series.js'
import { simulate } from './simulate.js'
import { startup } from './startup.js'
import { train } from './train.js'
import { watch } from './watch.js'

const benches = {
  startup,
  train,
  private: privateSteps,
  evaluate,
  merge,
  mixture,
  exchange,
  publish,
  log,
  series,
  simulate,
  peers,
  accuracy,
  watch,
}
const { asked, options } = readArguments()
console.log(`${os.cpus()[0]?.model ?? 'CPU'}, ${os.availableParallelism()} cores, Node ${process.version}`)
const rows = []
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length === 0 || asked.includes(name)) rows.push(...((await bench(options)) ?? []))
}
printAims(rows)

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, full: { type: 'boolean' }, models: { type: 'string' } },
    })
    for (const name of positionals) known('bench', name, benches)
    const only = values.models?.split(',')
    for (const name of only ?? []) known('model', name, models)
    // All of them at once are for a look, one by name for its figures.
    const quick = values.full ? false : (values.quick ?? positionals.length === 0)
    return { asked: positionals, options: { quick, only } }
  } catch (error) {
    console.error(`error: ${error.message}`)
    process.exit(2)
  }
}

function known(what, name, all) {
  if (!Object.hasOwn(all, name))
    throw new Error(`there is no ${what} "${name}"; there are ${Object.keys(all).join(', ')}`)
}
