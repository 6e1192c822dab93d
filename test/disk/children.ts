import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A process of a test, killed when the test is over. */
export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  /** The lines it has said so far. */
  readonly lines: readonly string[]
  /** Resolves with its next line, or undefined where it has ended without one. */
  next(): Promise<string | undefined>
  readonly ended: Promise<void>
}

/** Starts one of the programs in test/fixtures/disk, which run what was built. */
export function startFixture(name: string, args: readonly string[]): Child {
  return startChild(process.execPath, [fixture(name), ...args])
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/disk/${name}`, import.meta.url))
}

export function startChild(command: string, args: readonly string[]): Child {
  const child = spawn(command, args)
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const waiting: (() => void)[] = []
  let rest = ''
  let taken = 0
  let isOver = false
  const wake = (): void => {
    for (const resume of waiting.splice(0)) resume()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
    wake()
  })
  child.stderr.pipe(process.stderr)
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      isOver = true
      wake()
      resolve()
    })
  })
  return {
    process: child,
    lines,
    ended,
    async next() {
      while (taken >= lines.length && !isOver) await new Promise<void>(resolve => waiting.push(resolve))
      return lines[taken++]
    },
  }
}

/** An empty folder, removed when the test is over. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-node-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
