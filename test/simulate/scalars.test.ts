import { expect, it } from 'vitest'
import { createDeadline } from '../../src/deadline.js'
import { type ManifestInput, parseManifest, type RunEvent } from '../../src/node/index.js'
import { createSimulation, type SimulationOptions, type SimulationResult } from '../../src/simulate/index.js'

const small: ManifestInput = {
  peers: 4,
  rounds: 7,
  data: 'digits',
  partition: 'iid',
  model: 'logistic',
  training: { batch: 64, learningRate: 0.03, decay: 1 },
  merge: { method: 'one-byte', samples: 8, snapshot: 2 },
  evaluation: { every: 7 },
}

interface Ran {
  readonly result: SimulationResult
  readonly events: readonly RunEvent[]
}

async function run(options: SimulationOptions = {}, fields: ManifestInput = {}): Promise<Ran> {
  const control = createDeadline()
  control.within(240_000, new Error('it hangs'))
  const common = { backend: 'wasm', transport: 'memory', workers: 1, baselines: false } as const
  const simulation = await createSimulation(parseManifest({ ...small, ...fields }), {
    ...common,
    ...options,
    signal: control.signal,
  })
  const events: RunEvent[] = []
  try {
    const running = simulation.run()
    for (;;) {
      const next = await running.next()
      if (next.done) return { result: next.value, events }
      events.push(next.value)
    }
  } finally {
    control.clear()
    await simulation.close()
  }
}

const modelsOf = ({ result }: Ran): Buffer[] =>
  result.peers.filter(({ failed }) => !failed).map(({ parameters }) => Buffer.from(parameters.slice().buffer))

it('P25 peers end with one model, to the bit, though records are lost and one is killed: that of no loss', async () => {
  const killed = { faults: [{ peer: 2, round: 3 }] }
  const [lossy, whole] = [await run({ ...killed, disconnect: 0.4 }), await run(killed)]
  const [model, ...others] = modelsOf(whole)
  expect(others).toHaveLength(2)
  for (const other of [...others, ...modelsOf(lossy)]) expect(other.equals(model!)).toBe(true)
  expect(modelsOf(lossy)).toHaveLength(3)
  for (const { events } of [lossy, whole]) {
    const counted = events.flatMap(event => (event.type === 'merged' ? [event.figures!.gradients!] : []))
    expect(counted.sort()).toEqual([...Array(12).fill(24), ...Array(12).fill(32)])
  }
}, 240_000)

it('an attacker’s scalars count as any, within the limit', async () => {
  const attacked = await run({ attacks: ['ipm=10:1'] }, { merge: { ...(small.merge as object), limit: 3 } as never })
  const [model, ...others] = modelsOf(attacked)
  for (const other of others) expect(other.equals(model!)).toBe(true)
  expect(attacked.result.peers.every(({ tested }) => Number.isFinite(tested!.loss))).toBe(true)
}, 240_000)
