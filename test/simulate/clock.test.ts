import { createHash } from 'node:crypto'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { describe, expect, it, onTestFinished } from 'vitest'
import { untimed } from '../../src/gossip/index.js'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, type SimulationOptions } from '../../src/simulate/index.js'
import { bytesOf } from '../../src/tensors/index.js'
import { follow } from './follow.js'

const require = createRequire(import.meta.url)
const timers = require('node:timers/promises') as { setTimeout: typeof import('node:timers/promises').setTimeout }

/** Longer than this Node's timers do not wait; it stands for "never". */
const longestMs = 2 ** 31 - 1
const times = 1000

/**
 * Time flies until the test is over, for Hearsay and for libp2p: a second is a millisecond, as if the machine had a
 * thousand other things to do between any two steps. Whatever has a deadline misses it.
 */
function timeFlies(): void {
  const { setTimeout, setInterval, performance } = globalThis
  const { timeout } = AbortSignal
  const later = timers.setTimeout
  const now = performance.now.bind(performance)
  const shorter = (ms = 0): number => (ms >= longestMs ? ms : ms / times)
  globalThis.setTimeout = ((work: () => void, ms?: number, ...rest: []) =>
    setTimeout(work, shorter(ms), ...rest)) as typeof setTimeout
  globalThis.setInterval = ((work: () => void, ms?: number, ...rest: []) =>
    setInterval(work, Math.max(1, shorter(ms)), ...rest)) as typeof setInterval
  AbortSignal.timeout = ms => timeout.call(AbortSignal, ms >= longestMs ? ms : Math.ceil(ms / times))
  performance.now = () => times * now()
  timers.setTimeout = ((ms, value, options) => later(shorter(ms), value, options)) as typeof later
  syncBuiltinESMExports()
  onTestFinished(() => {
    Object.assign(globalThis, { setTimeout, setInterval })
    AbortSignal.timeout = timeout
    performance.now = now
    timers.setTimeout = later
    syncBuiltinESMExports()
  })
}

/** SHA-256 of each peer's model at the end, and what did not come or was refused. */
async function ended(
  manifest: ManifestInput,
  options: SimulationOptions = {},
): Promise<{ numbers: object; rejected: Readonly<Record<string, number>> }> {
  const simulation = await createSimulation(
    parseManifest({
      peers: 4,
      rounds: 3,
      data: { set: 'digits' },
      partition: { kind: 'dirichlet', alpha: 0.3 },
      model: 'logistic',
      training: { steps: 2 },
      ...manifest,
    }),
    { backend: 'wasm', workers: 1, baselines: false, ...options },
  )
  try {
    const { result } = await follow(simulation)
    const numbers = {
      models: result.peers.map(({ parameters }) => createHash('sha256').update(bytesOf(parameters)).digest('hex')),
      accuracy: result.last!.accuracy,
      absent: result.absent,
    }
    return { numbers, rejected: result.rejected }
  } finally {
    await simulation.close()
  }
}

describe('nothing in a synchronous simulation is decided by a clock', () => {
  it('neither deadlines nor limits per second: all of them are endless', () => {
    const numbers = Object.values(untimed).flatMap(value => (typeof value === 'object' ? Object.values(value) : value))
    expect(new Set(numbers)).toEqual(new Set([Number.POSITIVE_INFINITY]))
  })

  it.each<[string, ManifestInput, SimulationOptions]>([
    [
      'merges over TCP in which a peer is killed',
      { topology: 'full', merge: { method: 'dfedsam-mgs', gossipSteps: 2 } },
      { faults: [{ peer: 2, round: 1 }] },
    ],
    ['merges along one-way edges', { topology: 'one-peer-exponential' }, { transport: 'memory' }],
    [
      'a mixture over TCP with cut ways, in which a peer is killed',
      { merge: { method: 'mixture' } },
      { disconnect: 0.2, faults: [{ peer: 0, round: 2 }] },
    ],
    ['a joint mixture', { merge: { method: 'mixture', schedule: 'joint' } }, { transport: 'memory' }],
  ])(
    '%s',
    async (_, manifest, options) => {
      const calm = await ended(manifest, options)
      timeFlies()
      const hurried = await ended(manifest, options)
      expect(hurried.numbers).toEqual(calm.numbers)
      // Records that overtook each other while all met say nothing of heads.
      for (const { rejected } of [calm, hurried]) expect({ ...rejected, STALE_RECORD: 0 }).toEqual({ STALE_RECORD: 0 })
      // Busy machines are what it is about.
    },
    300_000,
  )
})
