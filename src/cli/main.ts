#!/usr/bin/env node
import '../runtime.js'
import { readFileSync } from 'node:fs'
import { Command as Commander, CommanderError } from 'commander'
import { HearsayError } from '../errors.js'
import { shown, shownLines } from '../foreign.js'
import { unexpectedRefusal } from '../system-errors.js'
import { interruptedStatus, register, type Terminal } from './command.js'
import { commands } from './commands/index.js'

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
  // What nobody waits for, as a server that may open no more sockets.
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

/** commander puts "(Did you mean …?)" on a line of its own, and not where to read on. An expected mistake is one line. */
function inOneLine(help: string): (text: string, write: (text: string) => void) => void {
  return (text, write) => write(`${shown(text.trim().replaceAll('\n', ' '), 1000)}; see ${help}\n`)
}

/** One line for what the user can mend; a stack for what only we can. */
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
