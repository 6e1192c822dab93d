#!/usr/bin/env node
// Whether a peer's memory stays as it is: `npm run soak -- simulation`, `npm run soak -- federation`, each for two hours
// (`--minutes 30` for a look). Prints what the processes hold and how fast that grows after the first sixth of the time;
// fails where it grows by more than a megabyte an hour in a process. On Linux alone.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { print } from '../bench/measure.js'
import { federation } from './federation.js'
import { startGroup } from './group.js'
import { growth, leastOf, residentMB } from './memory.js'
import { simulation } from './simulation.js'

const subjects = { simulation, federation }
/** So long a garbage collector may leave things lie; the least of each is what is really held. */
const windowMs = 5 * 60_000
const sampleMs = 10_000
/** Growth that is borne, in MB an hour. */
const borne = 1

const { name, minutes } = readArguments()
const folder = mkdtempSync(join(tmpdir(), 'hearsay-soak-'))
const group = startGroup()
const stopped = new AbortController()
process.once('SIGINT', () => stopped.abort())
try {
  const startedAt = Date.now()
  await subjects[name](group, folder)
  const samples = await watch(startedAt)
  const windows = leastOf(samples, windowMs)
  print(`soak: ${name}, ${group.size} process${group.size === 1 ? '' : 'es'}, MB a process`, [
    ['minute', 'least', 'most', 'objects of the main thread'],
    ...windows.map(({ at, ...held }) => [
      (at / 60_000).toFixed(0),
      ...[held.MB, held.most, held.heapMB].map(MB => MB.toFixed(1)),
    ]),
  ])
  const held = windows.filter(({ at }) => at >= (minutes * 60_000) / 6)
  if (held.length < 2) throw new Error('stopped before there was anything to tell')
  const slope = growth(held, ({ MB }) => MB)
  const ofObjects = growth(held, ({ heapMB }) => heapMB)
  console.log(`\ngrows by ${slope.toFixed(2)} MB an hour in a process; at most ${borne} is borne`)
  console.log(`objects of the main thread: ${ofObjects.toFixed(2)}`)
  if (slope > borne) process.exitCode = 1
} finally {
  await group.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** What the processes hold, in the mean, until the time is over. */
async function watch(startedAt) {
  const samples = []
  while (Date.now() - startedAt < minutes * 60_000 && !stopped.signal.aborted) {
    await group.elapse(sampleMs, stopped.signal)
    const MB = await residentMB(group.pids)
    samples.push({ at: Date.now() - startedAt, MB, heapMB: group.heapMB })
  }
  return samples
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { minutes: { type: 'string', default: '120' } },
    })
    const names = Object.keys(subjects).join(' or ')
    if (positionals.length !== 1 || !Object.hasOwn(subjects, positionals[0])) throw new Error(`name one: ${names}`)
    const minutes = Number(values.minutes)
    // Five stretches are left after the first sixth; fewer would tell nothing.
    if (!(minutes >= 30)) throw new Error(`--minutes ${values.minutes}: must be a number from 30`)
    return { name: positionals[0], minutes }
  } catch (error) {
    console.error(`error: ${error.message}`)
    process.exit(2)
  }
}
