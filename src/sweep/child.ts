import { spawn } from 'node:child_process'
import { type FileHandle, open } from 'node:fs/promises'
import { createDeadline } from '../deadline.js'
import { appendFlags } from '../disk/index.js'
import { HearsayError } from '../errors.js'

/** What starts a run: Node's arguments in front of those of `hearsay`. The program must end when its channel closes. */
export type RunProgram = readonly string[]

/** How a run's process ended: with its status, by a signal, or it did not start. */
export type ChildEnd =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'error'; readonly error: Error }

export interface ChildInit {
  readonly program: RunProgram
  readonly args: readonly string[]
  /** What it prints is appended to this file. */
  readonly log: string
  /** Training threads. */
  readonly workers: number
  /** Ends it as Ctrl-C does: it keeps its state. */
  readonly signal: AbortSignal
  /** How long it may take to end then. @default stopMs */
  readonly stopMs?: number
}

/** A step ends, a checkpoint of every peer is written, threads are given 10 s; on a slow disk all of it takes long. */
const defaultStopMs = 60_000

/**
 * Runs a process to its end. It stands in a process group of its own, so that Ctrl-C in a terminal reaches this process
 * alone. The one word between the two is that the channel closes, which asks the child to end: it also closes when this
 * process dies, however that happens.
 */
export async function runChild({
  program,
  args,
  log,
  workers,
  signal,
  stopMs = defaultStopMs,
}: ChildInit): Promise<ChildEnd> {
  const file = await openLog(log)
  const until = createDeadline(signal)
  const patience = createDeadline()
  try {
    const child = spawn(process.execPath, [...program, ...args], {
      stdio: ['ignore', file.fd, file.fd, 'ipc'],
      detached: true,
      windowsHide: true,
      env: environment(workers),
    })
    const ended = new Promise<ChildEnd>(resolve => {
      child.once('error', error => resolve({ kind: 'error', error }))
      child.once('exit', (status, name) =>
        resolve(status === null ? { kind: 'signal', signal: name! } : { kind: 'status', status }),
      )
    })
    const kill = (): void => void child.kill('SIGKILL')
    const stop = (): void => {
      if (child.connected) child.disconnect()
      patience.within(stopMs, new Error('The run does not end'))
    }
    patience.signal.addEventListener('abort', kill, { once: true })
    until.signal.addEventListener('abort', stop, { once: true })
    // A second Ctrl-C ends this process at once, and nobody waits any more.
    process.once('exit', kill)
    if (until.signal.aborted) stop()
    try {
      return await ended
    } finally {
      process.off('exit', kill)
    }
  } finally {
    patience.clear()
    until.clear()
    await file.close()
  }
}

/** The folder may come from somebody else, with something else under the log's name. */
async function openLog(log: string): Promise<FileHandle> {
  const file = await open(log, appendFlags)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new HearsayError('RUN', 'is not a file; remove it', { source: log })
}

/**
 * TensorFlow would take all cores for each of several runs. It reads these while it loads, where the learner leaves the
 * number to it.
 */
function environment(workers: number): NodeJS.ProcessEnv {
  const threads = String(workers)
  return { TF_NUM_INTRAOP_THREADS: threads, TF_NUM_INTEROP_THREADS: threads, ...process.env, NO_COLOR: '1' }
}
