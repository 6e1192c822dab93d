import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, type Simulation, type SimulationOptions } from '../../src/simulate/index.js'
import { follow } from './follow.js'

const small: ManifestInput = {
  peers: 3,
  rounds: 2,
  data: { set: 'digits' },
  partition: { kind: 'iid' },
  model: 'logistic',
  training: { steps: 2 },
}

async function create(manifest: ManifestInput, options: SimulationOptions = {}): Promise<Simulation> {
  const simulation = await createSimulation(parseManifest({ ...small, ...manifest }), {
    backend: 'wasm',
    transport: 'memory',
    workers: 1,
    baselines: false,
    ...options,
  })
  onTestFinished(() => simulation.close())
  return simulation
}

describe('a simulation', () => {
  it('tells every peer’s rounds in order, and what they amount to', async () => {
    const simulation = await create({})
    expect(simulation.prepared).toMatchObject({ workers: 1, transport: 'memory', backend: { name: 'wasm' } })
    expect(simulation.members).toHaveLength(3)
    const { events, result } = await follow(simulation)
    for (const peer of simulation.prepared.ids) {
      const own = events.filter(event => 'peer' in event && event.peer === peer).map(({ type }) => type)
      const round = ['trained', 'exchanged', 'merged', 'evaluated', 'ended']
      expect(own).toEqual(['joined', ...round, ...round, 'finished'])
    }
    const rounds = events.filter(event => event.type === 'round')
    expect(rounds.map(({ round }) => round)).toEqual([0, 1])
    expect(rounds[1]).toMatchObject(result.last!)
    expect(result).toMatchObject({ baselines: undefined, absent: 0, rejected: {}, interrupted: false })
    expect(result.samples).toBe(3 * 2 * 2 * 32)
    expect(result.peers.map(({ failed }) => failed)).toEqual([false, false, false])
    // What peers say of their last model is what the last round's figures are made of.
    const accuracies = result.peers.map(({ tested }) => tested!.accuracy)
    expect(result.last!.accuracy!.min).toBe(Math.min(...accuracies))
    expect(result.last!.accuracy!.max).toBe(Math.max(...accuracies))
  })

  it('goes on with a liar among its peers, which costs the others its weight and nothing more', async () => {
    for (const merge of ['dfedavg', { method: 'dfedsam-mgs', gossipSteps: 2, acceleration: 'chebyshev' }, 'mixture']) {
      const manifest = { merge, rounds: 3, topology: 'full' } as ManifestInput
      const simulation = await create(manifest, { attacks: ['bit-flip=10:2@1'] })
      const liar = simulation.prepared.ids[2]
      const { events, result } = await follow(simulation)
      const refused = events.filter(event => event.type === 'refused')
      const reason = merge === 'mixture' ? 'TOO_LONG' : 'TOO_FAR'
      // Once a round, however many gossip steps it has: for the rest of it nobody looks again.
      expect(result.rejected).toEqual({ [reason]: 2 * 2 })
      for (const { peer, round, heads } of refused) {
        expect([peer !== liar, round > 0, heads.map(head => [head.name, head.reason])]).toEqual([
          true,
          true,
          [['peer-2', reason]],
        ])
      }
      expect(refused).toHaveLength(4)
      for (const { tested } of result.peers) expect(tested!.accuracy).toBeGreaterThan(0.2)
    }
  })

  it('runs both baselines from the same start, and without a network', async () => {
    const simulation = await create({}, { baselines: true })
    const { events, result } = await follow(simulation)
    const baselines = events.filter(event => event.type === 'baseline')
    expect(baselines.filter(({ name }) => name === 'localOnly')).toHaveLength(6)
    expect(baselines.filter(({ name }) => name === 'centralised')).toHaveLength(2)
    expect(result.baselines!.localOnlyOf).toHaveLength(3)
    expect(result.baselines!.centralised).toBeGreaterThan(0)
  })

  it('of one peer alone needs nobody', async () => {
    const { result } = await follow(await create({ peers: 1 }))
    expect(result.last).toMatchObject({ round: 1, peers: 1, consensusDistance: 0 })
  })

  it('without a merge sends no head', async () => {
    const { events, result } = await follow(await create({ merge: 'none' }))
    expect(events.filter(({ type }) => type === 'exchanged')).toEqual([])
    expect(result.last!.consensusDistance).toBeGreaterThan(0)
  })

  it('tests the models as often as it is told to, and after the last round', async () => {
    // Four, because three on a ring all hear each other and agree.
    const run = { peers: 4, rounds: 3 }
    const simulation = await create({ ...run, evaluation: { every: 2 } }, { baselines: true })
    const { events, result } = await follow(simulation)
    const tested = events.filter(event => event.type === 'evaluated').map(({ round }) => round)
    expect(tested.sort()).toEqual([1, 1, 1, 1, 2, 2, 2, 2])
    const rounds = events.filter(event => event.type === 'round')
    expect(rounds.map(({ accuracy }) => accuracy !== undefined)).toEqual([false, true, true])
    expect(rounds.every(({ consensusDistance, loss }) => consensusDistance! > 0 && loss > 0)).toBe(true)
    expect(rounds[2]).toMatchObject(result.last!)
    expect(result.lastTested).toEqual(result.last)
    expect(result.peers.every(({ tested }) => tested !== undefined)).toBe(true)
    const alone = events.filter(event => event.type === 'baseline')
    expect(alone).toHaveLength(5 * 3)
    expect(alone.every(({ round, accuracy }) => (accuracy === undefined) === (round === 0))).toBe(true)
    expect(result.baselines!.localOnlyOf.every(Number.isFinite)).toBe(true)
    // When it is tested changes nothing of what it learns.
    const always = await follow(await create(run))
    expect(always.result.last!.consensusDistance).toBe(result.last!.consensusDistance)
    expect(always.result.last!.accuracy).toEqual(result.last!.accuracy)
  })

  it('goes on without peers that are killed', async () => {
    const simulation = await create({ rounds: 3 }, { faults: [{ peer: 1, round: 1 }] })
    const { events, result } = await follow(simulation)
    expect(events.filter(({ type }) => type === 'failed')).toMatchObject([
      { type: 'failed', peer: simulation.prepared.ids[1], round: 1 },
    ])
    expect(result.last).toMatchObject({ round: 2, peers: 2 })
    expect(result.peers.map(({ failed }) => failed)).toEqual([false, true, false])
    expect(result.absent).toBe(4)
  })

  it('ends with its signal, and says so', async () => {
    const control = new AbortController()
    const simulation = await create({ rounds: 100_000 }, { signal: control.signal })
    const { result } = await follow(simulation, event => {
      if (event.type === 'round' && event.round === 1) control.abort()
    })
    expect(result.interrupted).toBe(true)
    expect(result.last!.round).toBeGreaterThanOrEqual(1)
    expect(result.peers.every(({ parameters }) => parameters.every(Number.isFinite))).toBe(true)
  })

  it.each<[string, ManifestInput, SimulationOptions, RegExp]>([
    ['a data set that is not there', { data: { set: 'nowhere.csv' } }, {}, /nowhere\.csv/],
    ['a layer that is not there', { share: 'top' }, {}, /no layer "top"/],
    ['edges that leave somebody out', { topology: { kind: 'edges', edges: [[0, 1]] } }, {}, /no way leads from peer 0/],
    [
      'acceleration where it cannot be',
      { topology: 'one-peer-exponential', merge: { method: 'dfedsam-mgs', acceleration: 'chebyshev' } },
      {},
      /merge\.acceleration/,
    ],
    ['ports beyond the last', {}, { transport: 'tcp', port: 65_534 }, /ports up to 65536/],
  ])('refuses %s before anything runs', async (_, manifest, options, message) => {
    const refused = create(manifest, options)
    await expect(refused).rejects.toBeInstanceOf(HearsayError)
    await expect(refused).rejects.toThrow(message)
  })
})

/** Runs a script against the compiled package in a process of its own; what it prints is JSON. */
async function inProcess(script: string): Promise<unknown> {
  const built = join(dirname(createRequire(import.meta.url).resolve('#learner/worker')), '..')
  const prelude = `
    const { createSimulation } = await import(${JSON.stringify(join(built, 'simulate', 'index.js'))})
    const { parseManifest } = await import(${JSON.stringify(join(built, 'node', 'index.js'))})
    const simulate = (changes, options) => createSimulation(
      parseManifest({ ...${JSON.stringify(small)}, ...changes }),
      { backend: 'wasm', workers: 1, baselines: false, ...options },
    )
    const resources = () => process.getActiveResourcesInfo().filter(name => !/^(TTYWrap|PipeWrap|Pipe|FileHandle)/.test(name))
  `
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-process-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'script.mjs')
  await writeFile(file, `${prelude}\n${script}`)
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  return JSON.parse(stdout)
}

describe('a process', () => {
  it('has no handle left when a simulation is closed, and ends by itself', async () => {
    const left = await inProcess(`
      const before = resources()
      for (const transport of ['tcp', 'memory']) {
        const simulation = await simulate({}, { transport, faults: [{ peer: 0, round: 1 }] })
        for await (const _ of simulation.run());
        await simulation.close()
        await simulation.close()
      }
      // Sockets that were told to close do so in their own time.
      for (let tries = 0; tries < 200 && resources().length > before.length; tries++) {
        await new Promise(resolve => setTimeout(resolve, 50))
      }
      console.log(JSON.stringify(resources().filter(name => !before.includes(name))))
    `)
    expect(left).toEqual([])
  })

  it('ends by itself when a simulation is closed before it ran, or was left in the middle', async () => {
    const left = await inProcess(`
      const unused = await simulate({}, {})
      await unused.close()
      const left = await simulate({ rounds: 100000 }, {})
      for await (const event of left.run()) if (event.type === 'round') break
      await left.close()
      console.log(JSON.stringify('closed'))
    `)
    expect(left).toBe('closed')
  })
})
