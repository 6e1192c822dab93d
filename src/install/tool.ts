import { type ChildProcess, spawn } from 'node:child_process'
import { createDeadline } from '../deadline.js'
import { HearsayError } from '../errors.js'

/** How a program is started and when it is given up. */
export interface ToolOptions {
  /** What it is for, as an error names it: "npm install". */
  readonly purpose: string
  readonly deadlineMs: number
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** What a program that ended left behind. */
export interface ToolResult {
  /** Its exit status; -1 when a signal ended it. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** As much of each stream as is kept: a compiler can print megabytes, and only its last words are quoted. */
const keptCharacters = 64 * 1024

/** From SIGTERM to SIGKILL. */
const graceMs = 2000

/**
 * Runs a program to its end. Nothing is passed through a shell. When the signal aborts or the deadline passes, the
 * program and all that it started are ended before this rejects: npm and pip work through children of their own.
 *
 * @returns undefined when there is no such program
 * @throws the signal's reason; {@link HearsayError} `BACKEND` when the deadline passed
 */
export async function runTool(
  file: string,
  args: readonly string[],
  { purpose, deadlineMs, cwd, env, signal }: ToolOptions,
): Promise<ToolResult | undefined> {
  signal?.throwIfAborted()
  // A process group of its own: the terminal's Ctrl-C then reaches us alone, and we end the whole group.
  const child = spawn(file, args, {
    cwd,
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  })
  const kept = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      kept[name] = (kept[name] + text).slice(-keptCharacters)
    })
  }
  const deadline = createDeadline(signal)
  deadline.within(
    deadlineMs,
    new HearsayError('BACKEND', `${purpose} did not end within ${Math.ceil(deadlineMs / 60_000)} min; try again`),
  )
  let grace: NodeJS.Timeout | undefined
  const end = (): void => {
    endGroup(child, 'SIGTERM')
    grace = setTimeout(() => endGroup(child, 'SIGKILL'), graceMs)
  }
  // A second Ctrl-C ends this process at once; its children must not go on without it.
  const endAll = (): void => endGroup(child, 'SIGKILL')
  deadline.signal.addEventListener('abort', end, { once: true })
  process.once('exit', endAll)
  try {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ENOENT' ? resolve(undefined) : reject(error),
      )
      child.on('close', code => resolve(code ?? -1))
    })
    deadline.signal.throwIfAborted()
    return status === undefined ? undefined : { status, ...kept }
  } finally {
    deadline.signal.removeEventListener('abort', end)
    deadline.clear()
    process.removeListener('exit', endAll)
    clearTimeout(grace)
  }
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The most informative line that a program printed: its last error, else its last line. */
export function lastWords({ stdout, stderr }: Pick<ToolResult, 'stdout' | 'stderr'>): string {
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const line = lines.findLast(text => /\berror\b/i.test(text)) ?? lines.at(-1) ?? 'it printed nothing'
  return line.slice(0, 300)
}
