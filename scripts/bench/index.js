#!/usr/bin/env node
// What Hearsay's parts cost, each beside the floor that bounds it, in one run: `npm run bench`, or
// `npm run bench -- merge exchange` for some of them. Machines differ and are busy: read the ratios.
import os from 'node:os'
import { exchange } from './exchange.js'
import { merge } from './merge.js'
import { simulate } from './simulate.js'
import { train } from './train.js'

const benches = { train, merge, exchange, simulate }
const asked = process.argv.slice(2)
for (const name of asked) {
  if (!(name in benches)) {
    console.error(`error: there is no bench "${name}"; there are ${Object.keys(benches).join(', ')}`)
    process.exit(2)
  }
}
console.log(`${os.cpus()[0]?.model ?? 'CPU'}, ${os.availableParallelism()} cores, Node ${process.version}`)
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length === 0 || asked.includes(name)) await bench()
}
