import { expect, it, onTestFinished } from 'vitest'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, type SimulationOutcome } from '../../src/simulate/index.js'
import { follow } from './follow.js'

async function run(encoding: NonNullable<ManifestInput['encoding']>): Promise<SimulationOutcome> {
  const manifest = parseManifest({
    encoding,
    data: 'digits',
    partition: 'iid',
    peers: 4,
    rounds: 3,
    topology: 'full',
    model: { kind: 'mlp', hidden: [64] },
    training: { learningRate: 0.1, epochs: 2, batch: 16 },
  })
  const settings = { backend: 'wasm', transport: 'memory', workers: 1, baselines: false } as const
  const simulation = await createSimulation(manifest, settings)
  onTestFinished(() => simulation.close())
  return (await follow(simulation)).result
}

it('a run in qsgd learns as one in f32 does, of the same seed the same, for a sixth of the bytes', async () => {
  const [whole, coded, again] = [await run('f32'), await run('qsgd'), await run({ codec: 'qsgd', levels: 15 })]
  expect(Math.abs(coded.lastTested!.accuracy!.mean - whole.lastTested!.accuracy!.mean)).toBeLessThan(0.05)
  const { accuracy, loss, consensusDistance } = coded.lastTested!
  expect(again.lastTested).toMatchObject({ accuracy, loss, consensusDistance })
  expect(coded.rejected).toEqual({})
  // 5 bits of 32, and what stands around 4,810 numbers.
  expect(coded.sentBytes / whole.sentBytes).toBeLessThan(0.25)
}, 300_000)

it.each(['topk', 'topk2bit', 'randk', 'sign'])(
  'a run in %s with a memory learns for less than a tenth of the bytes',
  async codec => {
    const { lastTested, sentBytes, rejected } = await run({ codec, memory: 'choco' })
    expect(lastTested!.accuracy!.mean).toBeGreaterThan(0.7)
    expect(rejected).toEqual({})
    // Of 4,810 numbers in 3 rounds from each of 4 peers to 3 others.
    expect(sentBytes).toBeLessThan((4 * 4810 * 3 * 4 * 3) / 10)
  },
  300_000,
)

it('slim sends a sixth fewer bytes, to the same bits', async () => {
  const [whole, slim] = [await run('f32'), await run({ codec: 'f32', slim: true })]
  const { accuracy, loss, consensusDistance } = whole.lastTested!
  expect(slim.lastTested).toMatchObject({ accuracy, loss, consensusDistance })
  for (const [peer, { parameters }] of slim.peers.entries()) expect(parameters).toEqual(whole.peers[peer]!.parameters)
  expect(slim.rejected).toEqual({})
  expect(slim.sentBytes / whole.sentBytes).toBeLessThan(0.88)
  expect(slim.traffic.sent.heads).toBe(slim.sentBytes)
}, 300_000)
