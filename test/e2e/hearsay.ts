import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import type { RunSummary } from '../../src/watch/index.js'

export const root = fileURLToPath(new URL('../../', import.meta.url))
const program = join(root, 'dist', 'cli', 'main.js')

/** How a command ended. */
export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that is running. */
export interface Running {
  readonly child: ChildProcess
  /** Resolves when what it has printed to stderr so far, or prints from now on, matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  readonly ended: Promise<Ended>
}

const folders: string[] = []
const children = new Set<ChildProcess>()
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true })))
})

/** An empty folder, removed when the file's tests are over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-e2e-'))
  folders.push(folder)
  return folder
}

/** Starts a program as a user would; one that is still there when the tests are over is killed. */
export function startProgram(file: string, args: readonly string[], cwd: string): Running {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
  children.add(child)
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    for (const listener of listeners) listener()
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', status => {
      children.delete(child)
      resolve({ status, stdout, stderr })
    })
  })
  return {
    child,
    ended,
    says: pattern =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(stderr)
          if (match === null) return
          listeners.delete(check)
          resolve(match)
        }
        listeners.add(check)
        check()
        ended.then(({ stderr: all }) => reject(new Error(`ended without saying ${pattern}:\n${all}`)), reject)
      }),
  }
}

/**
 * Starts `hearsay`. Its working directory is the repository's root, where topologies/ is.
 *
 * @param before - what stands in front of the command, as for one that runs in a network of its own
 */
export function startHearsay(args: readonly string[], cwd: string = root, before: readonly string[] = []): Running {
  const [file, ...rest] = [...before, process.execPath, program, ...args] as [string, ...string[]]
  return startProgram(file, rest, cwd)
}

/** Runs `hearsay` to its end. */
export function hearsay(args: readonly string[], cwd?: string): Promise<Ended> {
  return startHearsay(args, cwd).ended
}

/** A finished simulation: its folder and what it says. */
export interface SimulatedRun {
  readonly out: string
  readonly summary: RunSummary
  /** The safetensors of every peer, byte for byte. */
  readonly parameters: ReadonlyMap<string, Buffer>
}

/** To load the fastest backend would take longer than most of these runs do on the one that is everywhere. */
const everywhere = ['--backend', 'wasm'] as const

/** Small enough for a second or two: 650 parameters, 1,437 samples. */
export const tiny = [
  ...['--data', 'digits', '--model', 'logistic', '--partition', 'iid', '--workers', '1'],
  ...everywhere,
] as const

/** Runs a simulation that must succeed, without baselines unless asked for. */
export async function simulated(args: readonly string[], { baselines = false } = {}): Promise<SimulatedRun> {
  const out = join(await temporaryFolder(), 'run')
  const { status, stderr } = await hearsay([
    'simulate',
    ...args,
    ...(args.includes('--backend') ? [] : everywhere),
    ...(baselines ? [] : ['--no-baselines']),
    '--json',
    '--out',
    out,
  ])
  if (status !== 0) throw new Error(`hearsay ended with ${status}:\n${stderr}`)
  return readRun(out)
}

export async function readRun(out: string): Promise<SimulatedRun> {
  return { out, summary: await readJson<RunSummary>(join(out, 'summary.json')), parameters: await parametersIn(out) }
}

export async function parametersIn(out: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(join(out, 'peers'))).filter(name => name.endsWith('.safetensors')).sort()
  return new Map(await Promise.all(names.map(async name => [name, await readFile(join(out, 'peers', name))] as const)))
}

/** What is behind a file's header, which has the run's id: runs of the same numbers may differ in that. */
export function tensorsIn(file: Buffer): Buffer {
  return file.subarray(8 + Number(file.readBigUInt64LE()))
}

export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T
}

/** The events that a run's metrics.jsonl holds, as it was written. */
export async function eventsOf(out: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(out, 'metrics.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

/** Which peers' parameters differ, by file name: empty where two runs ended with the same bits. */
export function differing(a: SimulatedRun['parameters'], b: SimulatedRun['parameters']): string[] {
  const names = new Set([...a.keys(), ...b.keys()])
  return [...names].filter(name => {
    const [left, right] = [a.get(name), b.get(name)]
    return left === undefined || right === undefined || !tensorsIn(left).equals(tensorsIn(right))
  })
}
