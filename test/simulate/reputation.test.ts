import { describe, expect, it, onTestFinished } from 'vitest'
import { parseManifest, type RunEvent } from '../../src/node/index.js'
import { createSimulation } from '../../src/simulate/index.js'
import { follow } from './follow.js'

const peers = 8
const rounds = 16
const hostile = [2, 5]

interface Found {
  /** Who muted whom, as "victim>attacker". */
  readonly muted: readonly string[]
  /** Of the last round, at honest peers. */
  readonly gain: Means
  readonly cosine: Means
}

interface Means {
  readonly honest: number[]
  readonly hostile: number[]
}

async function run(attack?: string): Promise<Found> {
  const manifest = parseManifest({
    reputation: 'mute',
    data: 'digits',
    // As in the field: what is held back is like the own data.
    evaluation: { on: 'own' },
    partition: { kind: 'dirichlet', alpha: 1 },
    model: { kind: 'mlp', hidden: [32] },
    merge: 'dfedavgm',
    topology: { kind: 'random-regular', degree: 4 },
    ...{ peers, rounds },
  })
  const simulation = await createSimulation(manifest, {
    backend: 'wasm',
    transport: 'memory',
    workers: 1,
    baselines: false,
    attacks: attack === undefined ? [] : [`${attack}:${hostile.join(',')}`],
  })
  onTestFinished(() => simulation.close())
  const { events } = await follow(simulation)
  const { members } = events.find((event): event is Extract<RunEvent, { type: 'begin' }> => event.type === 'begin')!
  const numbers = new Map(members.map(({ peer }, number) => [peer, number]))
  const isHostile = (id: string): boolean => attack !== undefined && hostile.includes(numbers.get(id)!)
  const muted: string[] = []
  const means = { gain: { honest: [], hostile: [] } as Means, cosine: { honest: [], hostile: [] } as Means }
  for (const event of events) {
    if (!('peer' in event) || event.peer === undefined || isHostile(event.peer)) continue
    if (event.type === 'muted') {
      muted.push(...event.peers.map(({ peer }) => `${numbers.get(event.peer!)}>${numbers.get(peer)}`))
    }
    if (event.type === 'merged' && event.round === rounds - 1) {
      for (const name of ['gain', 'cosine'] as const) {
        for (const [id, value] of Object.entries(event.perPeer![name]!)) {
          means[name][isHostile(id) ? 'hostile' : 'honest'].push(value)
        }
      }
    }
  }
  return { muted, ...means }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('a simulation that mutes', () => {
  it('mutes peers that turn round what they learn, and no honest ones', async () => {
    const { muted } = await run('sign-flip=2')
    const attackers = muted.map(pair => Number(pair.split('>')[1]))
    expect(new Set(attackers)).toEqual(new Set(hostile))
  }, 120_000)

  it('mutes nobody where all are honest', async () => {
    expect((await run()).muted).toEqual([])
  }, 120_000)

  it('shows a free rider by a gain about 0 and a small cosine, and does not mute it', async () => {
    const { muted, gain, cosine } = await run('free-rider')
    expect(muted).toEqual([])
    expect(Math.abs(mean(gain.hostile))).toBeLessThan(0.05)
    expect(mean(cosine.hostile)).toBeLessThan(0.7 * mean(cosine.honest))
  }, 120_000)
})
