import { describe, expect, it, onTestFinished } from 'vitest'
import { type ManifestInput, parseManifest } from '../../../src/node/index.js'
import { attackKinds, attackNames } from '../../../src/simulate/attacks/kinds.js'
import { createSimulation, type Simulation, type SimulationOptions } from '../../../src/simulate/index.js'
import { follow } from '../follow.js'

const small: ManifestInput = {
  peers: 6,
  rounds: 2,
  data: { set: 'digits' },
  partition: { kind: 'iid' },
  model: 'logistic',
  training: { steps: 2 },
  topology: 'full',
  merge: 'dfedavg',
  // Whatever it is, it is merged.
  limits: { headDistance: 1e6, lossIncrease: 1e6 },
}

async function create(manifest: ManifestInput, options: SimulationOptions): Promise<Simulation> {
  const simulation = await createSimulation(parseManifest({ ...small, ...manifest }), {
    ...{ backend: 'wasm', transport: 'memory', workers: 1, baselines: false },
    ...options,
  })
  onTestFinished(() => simulation.close())
  return simulation
}

const ran = async (manifest: ManifestInput, options: SimulationOptions) => follow(await create(manifest, options))
let clean: ReturnType<typeof ran> | undefined
const vectors = attackNames.filter(kind => attackKinds[kind].poisons === undefined)

describe('a run under attack', () => {
  it.each(vectors)('%s changes what honest peers have, from its round on', async kind => {
    clean ??= ran({}, {})
    const { result, events } = await ran({}, { attacks: [`${kind}${kind === 'alie' ? '=1.5' : ''}:1@1`] })
    const rounds = events.filter(({ type }) => type === 'round')
    expect(rounds.map(round => round.type === 'round' && [round.peers, round.attackers])).toEqual([
      [5, 1],
      [5, 1],
    ])
    const [first, second] = [result, (await clean).result].map(({ peers }) => peers[3]!.parameters)
    expect(Buffer.compare(bytesOf(first!), bytesOf(second!))).not.toBe(0)
    expect(result.summary).toMatchObject({
      attackers: [1],
      accuracy: { min: Math.min(...honest(result.summary.perPeer)), max: Math.max(...honest(result.summary.perPeer)) },
    })
    expect(result.summary.fairness!.worst.peer).not.toBe(1)
    expect(result.summary.perPeer.map(({ attack }) => attack)).toEqual(
      [0, 1, 2, 3, 4, 5].map(peer => (peer === 1 ? kind : undefined)),
    )
  })

  it('of dissensus with ε = 1 leaves its honest peers with what they have trained, on any road that is handed over', async () => {
    const manifest: ManifestInput = { rounds: 1, topology: 'ring' }
    const { result } = await ran(manifest, { attacks: ['dissensus=1:0,2,4'] })
    const { result: alone } = await ran({ ...manifest, merge: 'none' }, {})
    for (const peer of [1, 3, 5]) {
      const [gossip, own] = [result, alone].map(({ peers }) => peers[peer]!.parameters)
      expect(Math.max(...gossip!.map((value, k) => Math.abs(value - own![k]!)))).toBeLessThan(1e-6)
    }
  })

  it('waits for no peer that is killed, and ends when an attacker is', async () => {
    const { result } = await ran(
      { merge: { method: 'dfedsam-mgs', gossipSteps: 2 }, rounds: 3 },
      {
        attacks: ['ipm=0.5:1', 'min-max:2,3@1'],
        faults: [
          { peer: 0, round: 1 },
          { peer: 2, round: 1 },
          { peer: 4, round: 2 },
        ],
      },
    )
    expect(result.summary).toMatchObject({ rounds: 3, interrupted: false, attackers: [1, 2, 3] })
  })

  it('goes on in a mixture, and with peers that wait for nobody', async () => {
    const mixture = await ran({ merge: 'mixture' }, { attacks: ['alie=2:1', 'sign-flip:4'] })
    expect(mixture.result.summary).toMatchObject({ rounds: 2, attackers: [1, 4] })
    const quick = await ran({ mode: 'async' }, { attacks: ['ipm:1', 'dissensus:4'] })
    expect(quick.result.summary).toMatchObject({ rounds: 2, attackers: [1, 4] })
  })

  it('with poisoned records tells how often a backdoor succeeds at honest peers, in every test', async () => {
    const manifest: ManifestInput = { peers: 3, rounds: 4, training: { epochs: 2, learningRate: 0.3 } }
    const { result, events } = await ran(manifest, { attacks: ['backdoor=0.8:0', 'label-flip:1'], baselines: true })
    const { result: clean } = await ran(manifest, { baselines: true })
    // Whoever learns alone is honest.
    expect(result.baselines!.localOnlyOf).toEqual(clean.baselines!.localOnlyOf)
    const { backdoor, perPeer } = result.summary
    expect(perPeer.map(({ backdoor }) => backdoor !== undefined)).toEqual([false, false, true])
    expect(backdoor).toEqual({ mean: perPeer[2]!.backdoor, min: perPeer[2]!.backdoor, max: perPeer[2]!.backdoor })
    expect(backdoor!.mean).toBeGreaterThan(0.5)
    expect(result.summary.accuracy.localOnly).toBe(result.baselines!.localOnlyOf[2])
    const rounds = events.filter(event => event.type === 'round')
    expect(rounds.every(({ backdoor }) => backdoor !== undefined)).toBe(true)
    expect(clean.summary.backdoor).toBeUndefined()
  })

  it.each([
    [{ merge: 'mixture' } as const, 'backdoor:1', 'merge: mixture answers with many heads'],
    [
      { data: { set: 'pneumoniamnist', superResolution: 2 }, model: 'sr' } as ManifestInput,
      'label-flip:1',
      '--attack label-flip:1: changes classes, and these data have none; take another kind',
    ],
  ])('with %j refuses %s', async (manifest, attack, message) => {
    await expect(create(manifest, { attacks: [attack] })).rejects.toThrow(message)
  })

  it('that has a vector for each neighbour is refused where heads are published', async () => {
    await expect(create({ merge: 'mixture' }, { attacks: ['dissensus:1'] })).rejects.toThrow(
      '--attack dissensus=1.5:1: merge: mixture has one vector for all, and dissensus a different one for each',
    )
  })
})

function honest(peers: readonly { readonly accuracy: number | null; readonly attack?: string }[]): number[] {
  return peers.flatMap(({ accuracy, attack }) => (attack === undefined ? [accuracy!] : []))
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
