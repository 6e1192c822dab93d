import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command as Commander } from 'commander'
import { expect, onTestFinished } from 'vitest'
import { register, type Terminal } from '../../src/cli/command.js'
import { commands } from '../../src/cli/commands/index.js'
import { HearsayError } from '../../src/errors.js'

/** A command that runs in this process. */
export interface Started {
  /** What it has printed so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** Rejects with what `main` would explain. */
  readonly ended: Promise<void>
}

/** Runs `hearsay` in this process, but for what `main` makes of an error: one line, and the status. */
export function startHere(args: readonly string[], { signal } = new AbortController()): Started {
  const [stdout, stderr] = [collected(), collected()]
  const program = new Commander('hearsay').exitOverride()
  const terminal = { stdout: stdout.stream, stderr: stderr.stream, signal } as unknown as Terminal
  for (const command of commands) register(program, command, terminal)
  for (const command of program.commands) command.exitOverride()
  const { exitCode } = process
  const ended = program.parseAsync(args, { from: 'user' }).then(() => {
    // The status is that of the command, not of the tests.
    process.exitCode = exitCode
  })
  return { stdout: stdout.text, stderr: stderr.text, ended }
}

/** An empty folder for the test's time. */
export async function folderForTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-cli-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

export interface Expected {
  /** What the one line must name. */
  readonly says: readonly (string | RegExp)[]
  /** What was printed before. @default nothing */
  readonly stdout?: unknown
  /** Folders that may be left behind, empty. @default none */
  readonly mayLeave?: readonly string[]
}

/**
 * Expects a command to refuse a user's mistake in one line: `main` prints the message of a HearsayError behind "error: "
 * and ends with 2, as a few of them show in test/e2e. The command runs in an empty folder and leaves it so.
 */
export async function expectRefusal(
  args: readonly string[],
  { says, stdout = '', mayLeave = [] }: Expected,
): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), 'hearsay-cwd-'))
  const before = process.cwd()
  process.chdir(cwd)
  try {
    const started = startHere(args)
    const error: unknown = await started.ended.then(
      () => 'no error',
      (error: unknown) => error,
    )
    expect({ args, error, stdout: started.stdout(), stderr: started.stderr() }).toEqual({
      args,
      error: expect.any(HearsayError),
      stdout,
      stderr: '',
    })
    const { message } = error as HearsayError
    expect(message).toMatch(/^.+$/)
    expect(message).not.toContain('    at ')
    for (const what of says) expect(message).toMatch(what)
    const left = await readdir(cwd, { recursive: true })
    expect(left.filter(name => !mayLeave.includes(name))).toEqual([])
  } finally {
    process.chdir(before)
    await rm(cwd, { recursive: true })
  }
}

function collected(): { stream: PassThrough; text: () => string } {
  let text = ''
  const stream = new PassThrough({ encoding: 'utf8' }).on('data', (more: string) => {
    text += more
  })
  return { stream, text: () => text }
}
