import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { stringify } from 'yaml'
import type { PeerEvent } from '../../src/node/index.js'
import type { FieldSummary } from '../../src/watch/index.js'
import { type Running, readJson, startHearsay, temporaryFolder } from './hearsay.js'

/** A peer of the field: one process of the built command, and the folder it keeps its run in. */
export interface FieldPeer {
  readonly running: Running
  readonly out: string
  /** The address that it prints for others; rejects when it ends without one. */
  readonly address: Promise<string>
  /** Resolves when what it has printed to stdout matches. */
  prints(pattern: RegExp): Promise<RegExpExecArray>
}

const backend = ['--backend', 'wasm'] as const

/** Where a peer runs. */
export interface Where {
  readonly listen: string
  /** What stands in front of its command. */
  readonly before?: readonly string[]
}

const loopback: Where = { listen: '/ip4/127.0.0.1/tcp/0' }

/** Starts a peer that others join. */
export function startPeer(manifest: string, out: string, more: readonly string[] = [], where = loopback): FieldPeer {
  return fieldPeer(['start', manifest, '--out', out, '--listen', where.listen, ...more], out, where)
}

/** Starts a peer that joins at an address, or as a member of a topology file. */
export function joinPeer(at: string, out: string, more: readonly string[] = [], where = loopback): FieldPeer {
  return fieldPeer(['join', at, '--yes', '--out', out, '--listen', where.listen, ...more], out, where)
}

/** Brings a peer back. */
export function resumePeer(command: 'start' | 'join', out: string, more: readonly string[] = []): FieldPeer {
  return fieldPeer([command, '--resume', out, ...more], out, loopback)
}

/**
 * Starts a run's first peer in the first of these folders, and one that joins it in each of the others.
 *
 * @param moreOf - flags of each, by number
 */
export async function gather(
  manifest: string,
  outs: readonly string[],
  moreOf: (at: number) => readonly string[] = () => [],
  whereOf: (at: number) => Where = () => loopback,
): Promise<FieldPeer[]> {
  const first = startPeer(manifest, outs[0]!, moreOf(0), whereOf(0))
  const address = await first.address
  return [first, ...outs.slice(1).map((out, at) => joinPeer(address, out, moreOf(at + 1), whereOf(at + 1)))]
}

/** Interrupts them all, as Ctrl-C does, and waits until they have ended as such a peer does. @returns what each printed */
export async function interrupt(peers: readonly FieldPeer[]): Promise<{ stdout: string; stderr: string }[]> {
  for (const { running } of peers) running.child.kill('SIGINT')
  return Promise.all(
    peers.map(async ({ running }) => {
      const { status, stdout, stderr } = await running.ended
      expect(status).toBe(130)
      return { stdout, stderr }
    }),
  )
}

/** Kills them all, as a power cut would, and waits until they are gone. */
export async function killAll(peers: readonly FieldPeer[]): Promise<void> {
  for (const { running } of peers) running.child.kill('SIGKILL')
  await Promise.all(peers.map(({ running }) => running.ended))
}

function fieldPeer(args: readonly string[], out: string, { before = [] }: Where): FieldPeer {
  const running = startHearsay([...args, ...backend], undefined, before)
  let stdout = ''
  const listeners = new Set<() => void>()
  // A listener of its own: it is on before the first byte can come.
  running.child.stdout!.on('data', (text: string) => {
    stdout += text
    for (const listener of listeners) listener()
  })
  const matched = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(stdout)
        if (match === null) return
        listeners.delete(look)
        resolve(match)
      }
      listeners.add(look)
      look()
      running.ended.then(
        ({ stdout: all, stderr }) => reject(new Error(`ended without printing ${pattern}:\n${all}${stderr}`)),
        reject,
      )
    })
  const address = matched(/^ {2}npx hearsay join (\S+)$/m).then(([, found]) => found!)
  // Whoever does not ask for it does not mind that there is none.
  address.catch(() => {})
  return { running, out, address, prints: matched }
}

/** Writes a manifest for small and quick peers: 650 parameters, 1,437 samples, dealt alike. */
export async function manifestFile(fields: Record<string, unknown>): Promise<string> {
  const path = join(await temporaryFolder(), 'run.yaml')
  await writeFile(path, stringify({ data: 'digits', model: 'logistic', partition: 'iid', merge: 'dfedavg', ...fields }))
  return path
}

/** What a peer has told so far, of all its times; of a line that is being written, nothing. */
export function eventsSoFar(out: string): PeerEvent[] {
  let text: string
  try {
    text = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
  } catch {
    return []
  }
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as PeerEvent)
}

/** Events of one kind. */
export function only<Type extends PeerEvent['type']>(
  events: readonly PeerEvent[],
  type: Type,
): Extract<PeerEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<PeerEvent, { type: Type }> => event.type === type)
}

/** How many rounds a peer has ended, of those that it did not leave out. */
export function roundsOf(out: string): number {
  return Math.max(0, ...only(eventsSoFar(out), 'ended').map(({ round }) => round + 1))
}

/** Waits for what these peers bring about in their own time; one that ends badly before will not bring it. */
export async function until(condition: () => boolean, peers: readonly FieldPeer[] = []): Promise<void> {
  let failure: Error | undefined
  for (const { running, out } of peers) {
    void running.ended.then(({ status, stderr }) => {
      if (status === 2 || status === 1) failure = new Error(`${out} ended with ${status}:\n${stderr}`)
    })
  }
  while (!condition()) {
    if (failure !== undefined) throw failure
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** SHA-256 of the model in a peer's last checkpoint. */
export async function lastModel(out: string): Promise<string> {
  const folder = join(out, 'checkpoints')
  const last = (await readdir(folder))
    .filter(name => name.endsWith('.safetensors'))
    .sort()
    .at(-1)!
  const bytes = await readFile(join(folder, last))
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, { data_offsets: [number, number] }>
  const hash = createHash('sha256')
  for (const [name, { data_offsets: offsets }] of Object.entries(header)) {
    if (name === '__metadata__' || name.includes(':')) continue
    hash.update(bytes.subarray(start + offsets[0], start + offsets[1]))
  }
  return hash.digest('hex')
}

export function summaryOf(out: string): Promise<FieldSummary> {
  return readJson<FieldSummary>(join(out, 'summary.json'))
}

/** How it ended; a failure shows what it said. */
export async function end({ running }: FieldPeer): Promise<{ status: number | null; stderr: string }> {
  const { status, stderr } = await running.ended
  return { status, stderr }
}

/** What `end` tells of a peer that did all it should. */
export const wellEnded = { status: 0, stderr: '' }

/**
 * A round computes a sixth of what starting a process does, on a machine of any speed: who starts in the middle finds
 * the others still there.
 */
export const longField = { peers: 4, minPeers: 3, rounds: 20, training: { epochs: 120 }, evaluation: { every: 5 } }

/** Ends when it is told to: nobody is late, whatever the machine. */
export const endlessField = { peers: 4, minPeers: 2, rounds: 100_000, training: { steps: 20 } }
