#!/usr/bin/env node
import '../runtime.js'
import { readFileSync } from 'node:fs'
import { Command as Commander, CommanderError } from 'commander'
import { HearsayError } from '../errors.js'
import { shown, shownLines } from '../foreign.js'
import { unexpectedRefusal } from '../system-errors.js'
import { interruptedStatus, register, type Terminal } from './command.js'
import { commands } from './commands/index.js'

/** Status after a usage error, as with getopt and the shells. */
const usageStatus = 2
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

async function main(): Promise<void> {
  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      interrupt.abort()
      // A second signal ends the process at once.
      process.once(name, () => process.exit(interruptedStatus))
    })
  }
  // The reader of a pipe may stop early, as `head` does; that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    interrupt.abort()
  })
  // Errors outside any awaited call, as of a server that may open no more sockets.
  process.once('uncaughtException', error => process.exit(explain(error)))
  const terminal: Terminal = { stdout: process.stdout, stderr: process.stderr, signal: interrupt.signal }
  const program = new Commander('hearsay')
    .description('Peers learn together without a server: each trains on data that never leaves it.')
    .version(version)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({ outputError: inOneLine('hearsay --help') })
    .exitOverride()
  for (const command of commands) register(program, command, terminal)
  for (const command of program.commands) {
    command.exitOverride().configureOutput({ outputError: inOneLine(`hearsay ${command.name()} --help`) })
  }
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? interruptedStatus : explain(error)
  }
}

/** Joins commander's "(Did you mean …?)" line and adds where to read on: a user's mistake is reported in one line. */
function inOneLine(help: string): (text: string, write: (text: string) => void) => void {
  return (text, write) => write(`${shown(text.trim().replaceAll('\n', ' '), 1000)}; see ${help}\n`)
}

/** Prints one line for a user's mistake, and a stack for a bug. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageStatus
  if (error instanceof HearsayError) {
    process.stderr.write(`error: ${error.message}\n`)
    return usageStatus
  }
  const refusal = unexpectedRefusal(error)
  if (refusal !== undefined) {
    process.stderr.write(`error: ${shown(refusal, 1000)}\n`)
    return usageStatus
  }
  process.stderr.write(`${shownLines(String(error instanceof Error ? error.stack : error))}\n`)
  process.stderr.write('This is a bug in Hearsay. Please report it, with the command and the lines above.\n')
  return 1
}

await main()
