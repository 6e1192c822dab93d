#!/usr/bin/env node
import '../runtime.js'
import { readFileSync } from 'node:fs'
import { Command as Commander, CommanderError } from 'commander'
import { HearsayError } from '../errors.js'
import { backend } from './backend.js'
import { interruptedStatus, register, type Terminal } from './command.js'
import { data } from './data.js'
import { doctor } from './doctor.js'
import { exportModel } from './export.js'
import { id } from './id.js'
import { init } from './init.js'
import { invite } from './invite.js'
import { join } from './join.js'
import { key } from './key.js'
import { predict } from './predict.js'
import { simulate } from './simulate.js'
import { start } from './start.js'
import { topology } from './topology.js'

/** A mistake of the user's, as getopt and the shells have it. */
const usageStatus = 2
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

async function main(): Promise<void> {
  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      interrupt.abort()
      // Whoever asks twice means it.
      process.once(name, () => process.exit(interruptedStatus))
    })
  }
  // Whoever reads us may stop early, as `head` does; that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    interrupt.abort()
  })
  const terminal: Terminal = { stdout: process.stdout, stderr: process.stderr, signal: interrupt.signal }
  const program = new Commander('hearsay')
    .description('Peers learn together without a server: each trains on data that never leaves it.')
    .version(version)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    // commander puts "(Did you mean …?)" on a line of its own; an expected mistake is one line.
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`) })
    .exitOverride()
  register(program, simulate, terminal)
  register(program, start, terminal)
  register(program, join, terminal)
  register(program, predict, terminal)
  register(program, exportModel, terminal)
  register(program, init, terminal)
  register(program, data, terminal)
  register(program, topology, terminal)
  register(program, key, terminal)
  register(program, id, terminal)
  register(program, invite, terminal)
  register(program, doctor, terminal)
  register(program, backend, terminal)
  for (const command of program.commands) command.exitOverride()
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? interruptedStatus : explain(error)
  }
}

/** One line for what the user can mend; a stack for what only we can. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageStatus
  if (error instanceof HearsayError) {
    process.stderr.write(`error: ${error.message}\n`)
    return usageStatus
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.stderr.write('This is a bug in Hearsay. Please report it, with the command and the lines above.\n')
  return 1
}

await main()
