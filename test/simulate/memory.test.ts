import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createDeadline } from '../../src/deadline.js'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, type SimulationOptions, type SimulationResult } from '../../src/simulate/index.js'

const manifest: ManifestInput = {
  peers: 4,
  rounds: 4,
  data: 'digits',
  model: 'logistic',
  training: { steps: 2 },
  merge: 'scaffold',
  encoding: { codec: 'int8', memory: 'choco', gamma: 0.7 },
}
const common = { backend: 'wasm', transport: 'memory', workers: 1, baselines: false } as const

/** Runs it; until this round is whole and kept, if one is named. */
async function run(input: ManifestInput, options: SimulationOptions = {}, path?: string, until?: number) {
  const control = createDeadline()
  control.within(240_000, new Error('it hangs'))
  const simulation = await createSimulation(parseManifest({ ...manifest, ...input }), {
    ...common,
    ...options,
    signal: control.signal,
  })
  try {
    const keep = path && {
      folder: path,
      told: async () => {},
      onLost: ({ message }: Error) => expect.unreachable(message),
    }
    const running = simulation.run(keep ? { keep } : {})
    for (;;) {
      const next = await running.next()
      if (next.done) return next.value
      if (until !== undefined && (await readdir(join(path!, 'state'))).includes(`round-${until}`))
        control.abort(new Error('interrupted'))
    }
  } finally {
    control.clear()
    await simulation.close()
  }
}

const statesOf = ({ peers }: SimulationResult) => peers.map(({ parameters, kept }) => ({ parameters, kept }))

it('two runs of one manifest have the same bits, over TCP as in memory, and so has one that goes on, copies and all', async () => {
  const path = await mkdtemp(join(tmpdir(), 'hearsay-memory-'))
  onTestFinished(() => rm(path, { recursive: true }))
  const once = await run({})
  expect(statesOf(await run({}, { transport: 'tcp' }))).toEqual(statesOf(once))
  await run({}, {}, path, 2)
  expect(statesOf(await run({}, { resume: { folder: path, tell: () => {} } }, path))).toEqual(statesOf(once))
  expect(once.rejected).toEqual({})

  // P15: what a neighbour holds of a peer is what the peer holds of itself.
  const copies = once.peers.map(({ kept }) => kept.method.tensors.filter(({ name }) => name.startsWith('copy:')))
  const own = new Map(copies.map(([first]) => [first!.name, first!.values]))
  expect(own.size).toBe(4)
  for (const held of copies) {
    expect(held).toHaveLength(3)
    for (const { name, values } of held) expect(values).toEqual(own.get(name))
  }
}, 600_000)

it.each(['choco', 'feedback'] as const)(
  '%s without loss comes to what gossip without memory does',
  async memory => {
    const [plain, remembered] = [
      await run({ encoding: 'f32', merge: 'dfedavg', rounds: 2 }),
      await run({ encoding: { codec: 'f32', memory }, merge: 'dfedavg', rounds: 2 }),
    ]
    for (const [peer, { parameters }] of plain.peers.entries()) {
      const other = remembered.peers[peer]!.parameters
      for (let k = 0; k < parameters.length; k++) expect(other[k]).toBeCloseTo(parameters[k]!, 4)
    }
  },
  300_000,
)

it('goes on with the same bits after rounds without exchange, in which nothing is sent', async () => {
  const path = await mkdtemp(join(tmpdir(), 'hearsay-memory-'))
  onTestFinished(() => rm(path, { recursive: true }))
  const input: ManifestInput = { merge: 'dfedavg', exchange: { when: 'every', rounds: 2 } }
  const once = await run(input)
  await run(input, {}, path, 3)
  expect(statesOf(await run(input, { resume: { folder: path, tell: () => {} } }, path))).toEqual(statesOf(once))
  expect(once.rejected).toEqual({})
  const every = await run({ merge: 'dfedavg' })
  expect(once.sentBytes).toBeLessThan(0.6 * every.sentBytes)
  // After the last exchange all copies of a peer are the same, its own with them.
  const copies = once.peers.flatMap(({ kept }) => kept.method.tensors.filter(({ name }) => name.startsWith('copy:')))
  for (const { name, values } of copies) expect(values).toEqual(copies.find(copy => copy.name === name)!.values)
  expect(copies).toHaveLength(12)
}, 600_000)

it('a peer that dies costs its share, and a rule judges copies', async () => {
  const { peers, rejected } = await run(
    { believe: 'median', merge: 'dfedavg', topology: 'full', encoding: { codec: 'int8', memory: 'feedback' } },
    { faults: [{ peer: 1, round: 2 }] },
  )
  expect(peers.map(({ failed }) => failed)).toEqual([false, true, false, false])
  expect(Object.keys(rejected).filter(reason => reason.startsWith('COPY'))).toEqual([])
}, 300_000)

it('whoever would say different things to different peers is told why not', async () => {
  await expect(run({ merge: 'dfedavg' }, { attacks: ['two-faced:1'] })).rejects.toThrow(
    '--attack two-faced=1:1: encoding.memory lets a peer say one thing to all',
  )
})

it('control variates over copies are the means of the neighbours’, whatever γ', async () => {
  const { peers } = await run({ topology: 'ring', encoding: { codec: 'f32', memory: 'choco', gamma: 0.3 } })
  const keptBy = peers.map(({ kept }) => {
    const valuesOf = (vector: string): number[] =>
      kept.method.tensors.filter(({ name }) => name.startsWith(`${vector}:`)).flatMap(({ values }) => [...values])
    return { own: valuesOf('own'), mean: valuesOf('mean') }
  })
  for (const [peer, { mean }] of keptBy.entries()) {
    const near = [keptBy.at(peer - 1)!.own, keptBy[peer]!.own, keptBy[(peer + 1) % peers.length]!.own]
    const expected = mean.map((_, k) => near.reduce((sum, own) => sum + own[k]!, 0) / 3)
    const apart = Math.max(...mean.map((value, k) => Math.abs(value - expected[k]!)))
    expect(apart).toBeLessThan(1e-4 * Math.max(...expected.map(Math.abs)))
  }
})
