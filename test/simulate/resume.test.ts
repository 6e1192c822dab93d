import { createHash } from 'node:crypto'
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createDeadline } from '../../src/deadline.js'
import { dropState, readKeptOptions } from '../../src/disk/index.js'
import { type ManifestInput, parseManifest, type RunEvent } from '../../src/node/index.js'
import { createSimulation, type SimulationOptions, type SimulationResult } from '../../src/simulate/index.js'

const small: ManifestInput = {
  peers: 4,
  rounds: 6,
  data: { set: 'digits' },
  partition: { kind: 'dirichlet', alpha: 0.3 },
  model: 'logistic',
  training: { steps: 2 },
}
const common = { backend: 'wasm', transport: 'memory', workers: 1, baselines: false } as const

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hearsay-resume-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

interface Ran {
  readonly result: SimulationResult
  readonly events: readonly RunEvent[]
  readonly rounds: number
}

/** Runs it; until this round is whole and kept, if one is named. */
async function run(manifest: ManifestInput, options: SimulationOptions, path: string, until?: number): Promise<Ran> {
  const control = createDeadline()
  control.within(240_000, new Error('it hangs'))
  const simulation = await createSimulation(parseManifest({ ...small, ...manifest }), {
    ...common,
    ...options,
    signal: control.signal,
  })
  const events: RunEvent[] = []
  try {
    const keep = { folder: path, told: async () => {}, onLost: ({ message }: Error) => expect.unreachable(message) }
    const running = simulation.run({ keep })
    for (;;) {
      const next = await running.next()
      if (next.done) return { result: next.value, events, rounds: simulation.rounds }
      events.push(next.value)
      if (until !== undefined && (await readdir(join(path, 'state'))).includes(`round-${until}`))
        control.abort(new Error('interrupted'))
    }
  } finally {
    control.clear()
    await simulation.close()
  }
}

/** The log of scalars has its authors' signatures, of which the time is a part. */
const signed = 'log'

/** What a run came to, but for what the clock says, and bytes: answers to quick peers' next heads come again. */
function figures({ peers, last, lastTested, samples, absent }: SimulationResult): object {
  const timeless = (round: typeof last) => round && { ...round, seconds: 0, sentBytes: 0 }
  const unsigned = ({ kept, ...peer }: (typeof peers)[number]) => {
    const tensors = kept.method.tensors.filter(({ name }) => name !== signed)
    return { ...peer, kept: { ...kept, method: { ...kept.method, tensors } } }
  }
  return {
    peers: peers.map(unsigned),
    last: timeless(last),
    lastTested: timeless(lastTested),
    samples,
    absent,
  }
}

/** Takes out of a round's checkpoints what was usual. */
async function forget(round: string): Promise<void> {
  const run = await readFile(join(round, 'run.json'), 'utf8')
  const { peers } = JSON.parse(run) as { peers: { checkpoint: string }[] }
  let digests = run
  for (const [peer, { checkpoint }] of peers.entries()) {
    const path = join(round, `${peer}.safetensors`)
    // Of the same length: the header's own stays right.
    const bytes = (await readFile(path, 'latin1')).replace(
      /(usual\\":\[)([^\]]+)/,
      (_, before: string, usual: string) => {
        return `${before}${' '.repeat(usual.length)}`
      },
    )
    await writeFile(path, bytes, 'latin1')
    digests = digests.replace(checkpoint, createHash('sha256').update(Buffer.from(bytes, 'latin1')).digest('hex'))
  }
  await writeFile(join(round, 'run.json'), digests)
}

/** Who was refused, in the order of rounds and peers. */
function refusals({ events }: Ran): Extract<RunEvent, { type: 'refused' }>[] {
  return events
    .filter(event => event.type === 'refused')
    .map(event => ({ ...event, atMs: 0 }))
    .sort((a, b) => a.round - b.round || (a.peer < b.peer ? -1 : 1))
}

// Merges without a memory of their own and mixtures, with peers that fail and ways that are cut, are in digests.test.ts.
const cases: [string, ManifestInput, SimulationOptions][] = [
  ['of merges by a rule that keeps a bound', { believe: 'clip', merge: { method: 'dfedsam-mgs', gossipSteps: 2 } }, {}],
  ['of merges by a rule that keeps a vector', { believe: 'centred-clip', merge: 'scaffold' }, {}],
  ['of tracked gradients', { merge: 'gradient-tracking' }, {}],
  ['of outer steps on graphs that change', { topology: 'one-peer-exponential', merge: 'noloco' }, {}],
  ['of steps along a momentum of the network', { merge: { method: 'qg-dsgdm', rho: 0.05 } }, {}],
  [
    'of a schedule with drawn partners and a final merge',
    { topology: 'full', exchange: { when: 'every', rounds: 2, partners: 0.6, final: true } },
    {},
  ],
  [
    'of sampled participants, half of which are killed',
    { peers: 6, exchange: { when: 'sampled', participants: 3 } },
    { faults: [0, 1, 2].map(peer => ({ peer, round: 2 })) },
  ],
  ['of what neighbours pass on along a tree', { topology: 'line', merge: 'relaysum' }, {}],
  [
    'of what is pushed on graphs that never repeat',
    { topology: { kind: 'epidemic', draws: 'local', degree: 1 }, merge: 'push-sum' },
    {},
  ],
  [
    'of scalars with cut ways in which a peer is killed',
    { merge: { method: 'one-byte', samples: 8, snapshot: 2 }, training: {} },
    { disconnect: 0.3, faults: [{ peer: 1, round: 4 }] },
  ],
]

describe('a simulation that goes on', () => {
  // One run of which three rounds are kept, for those who each damage a copy of it.
  let interrupted: string
  beforeAll(async () => {
    interrupted = await mkdtemp(join(tmpdir(), 'hearsay-resume-'))
    await run({}, {}, interrupted, 3)
  }, 300_000)
  afterAll(() => rm(interrupted, { recursive: true, force: true }))

  async function copied(): Promise<string> {
    const path = await folder()
    await cp(interrupted, path, { recursive: true })
    return path
  }

  it.each(cases)(
    '%s ends with the same numbers as one that was never interrupted',
    async (_, manifest, options) => {
      const whole = await run(manifest, options, await folder())
      const path = await folder()
      const cut = await run(manifest, options, path, 3)
      expect(cut.result.interrupted).toBe(true)
      const again = await run(manifest, { ...options, resume: { folder: path, tell: expect.unreachable } }, path)
      expect(again.rounds).toBeGreaterThanOrEqual(3)
      expect(again.rounds).toBeLessThan(6)
      const rounds = again.events.flatMap(event => (event.type === 'round' ? event.round : []))
      expect(rounds).toEqual(Array.from({ length: 6 - again.rounds }, (_, i) => again.rounds + i))
      expect(figures(again.result)).toEqual(figures(whole.result))
    },
    300_000,
  )

  it.each(['dfedavg', 'mixture'])(
    'in the very round in which a peer is to be killed, %s, meets that peer and does not wait for it',
    async merge => {
      const manifest: ManifestInput = { peers: 5, rounds: 3, merge, model: { kind: 'mlp', hidden: [8] } }
      const path = await folder()
      await run(manifest, {}, path, 1)
      const kept = (await readdir(join(path, 'state'))).flatMap(name => /^round-(\d+)$/.exec(name)?.[1] ?? [])
      const faults = [{ peer: 3, round: Math.max(...kept.map(Number)) }]
      const again = await run(manifest, { faults, resume: { folder: path, tell: expect.unreachable } }, path)
      expect(again.rounds).toBe(faults[0]!.round)
      expect(again.result.interrupted).toBe(false)
      expect(again.result.peers.map(({ failed }) => failed)).toEqual([false, false, false, true, false])
    },
    300_000,
  )

  it('remembers what was usual: heads are judged as without the interruption, those of a liar too', async () => {
    // Nothing is near enough by itself: what is usual decides.
    const manifest: ManifestInput = {
      peers: 5,
      topology: 'full',
      merge: 'dfedavg',
      training: { steps: 4, decay: 0.3 },
      limits: { headDistance: 1.3, headRadius: 0 },
    }
    const attacks = ['bit-flip=10:1@1']
    const whole = await run(manifest, { attacks }, await folder())
    const path = await folder()
    await run(manifest, { attacks }, path, 3)
    const forgetful = await folder()
    await cp(path, forgetful, { recursive: true })
    for (const name of (await readdir(join(forgetful, 'state'))).filter(name => name.startsWith('round-'))) {
      await forget(join(forgetful, 'state', name))
    }
    const again = await run(manifest, { attacks, resume: { folder: path, tell: expect.unreachable } }, path)
    expect(again.rounds).toBeGreaterThanOrEqual(3)
    expect(figures(again.result)).toEqual(figures(whole.result))
    expect(refusals(again)).toEqual(refusals(whole).filter(({ round }) => round >= again.rounds))
    expect(refusals(again).some(({ heads }) => heads.some(({ name }) => name === 'peer-1'))).toBe(true)
    const other = await run(manifest, { attacks, resume: { folder: forgetful, tell: expect.unreachable } }, forgetful)
    expect(figures(other.result)).not.toEqual(figures(whole.result))
  }, 300_000)

  it('of a run under attack ends with the same numbers: attackers go on as they had begun', async () => {
    const attacks = ['dissensus:1', 'noise=0.1:2@2', 'two-faced=2:4', 'alie=1.5:5@3']
    const manifest: ManifestInput = { peers: 7, topology: 'full', merge: 'dfedavg' }
    const whole = await run(manifest, { attacks }, await folder())
    const path = await folder()
    await run(manifest, { attacks }, path, 3)
    const again = await run(
      manifest,
      { attacks: (await readKeptOptions(path)).attacks, resume: { folder: path, tell: expect.unreachable } },
      path,
    )
    expect(again.rounds).toBeGreaterThanOrEqual(3)
    expect(figures(again.result)).toEqual(figures(whole.result))
  }, 300_000)

  it.each(['2.safetensors', 'heads'])(
    'takes the round before where %s of the last one is damaged, and says so',
    async what => {
      const path = await copied()
      const rounds = (await readdir(join(path, 'state'))).filter(name => /^round-\d+$/.test(name)).sort()
      await appendFile(join(path, 'state', rounds.at(-1)!, what), 'x')
      const told: string[] = []
      const again = await run({}, { resume: { folder: path, tell: line => told.push(line) } }, path)
      expect(told).toEqual([expect.stringMatching(/\/round-\d.*: .*; the round before is taken$/)])
      expect(`round-${again.rounds}`).toBe(rounds.at(-2))
      for (const name of await readdir(join(path, 'state'))) {
        if (name.startsWith('round-')) await writeFile(join(path, 'state', name, 'run.json'), '{}')
      }
      const lost = run({}, { resume: { folder: path, tell: () => {} } }, path)
      await expect(lost).rejects.toThrow('all rounds that were kept are damaged; begin the run anew')
    },
  )

  it('is the same run on the same data, or refused', async () => {
    const empty = await folder()
    await expect(readKeptOptions(empty)).rejects.toThrow(`--resume ${empty}: keeps no state to go on from`)
    const path = await copied()
    const resume = { folder: path, tell: () => {} }
    await expect(run({ rounds: 7 }, { resume }, path)).rejects.toThrow('is of another run than manifest.yaml beside it')
    const other = { data: { set: 'pneumoniamnist' } }
    await expect(run(other, { resume }, path)).rejects.toThrow('holds other samples than when this run was begun')
    expect(await readKeptOptions(path)).toMatchObject({ backend: 'wasm', workers: 1, transport: 'memory', faults: [] })
    const options = join(path, 'state', 'options.json')
    await writeFile(options, (await readFile(options, 'utf8')).replace('"workers": 1', '"workers": 1e9'))
    await expect(readKeptOptions(path)).rejects.toThrow('options.json: is not as it was written')
    await dropState(path)
    expect(await readdir(path)).toEqual([])
  })

  it('begins anew where no round was whole', async () => {
    const path = await folder()
    const simulation = await createSimulation(parseManifest(small), common)
    const keep = { folder: path, told: async () => {}, onLost: ({ message }: Error) => expect.unreachable(message) }
    const running = simulation.run({ keep })
    await running.next()
    await simulation.close()
    const again = await run({}, { resume: { folder: path, tell: expect.unreachable } }, path)
    expect(again.rounds).toBe(0)
    expect(again.result.last!.round).toBe(5)
  })
})
