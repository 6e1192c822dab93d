import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PeerEvent } from '../../src/node/index.js'
import { differing, readJson, simulated, temporaryFolder, tensorsIn } from './hearsay.js'
import {
  endlessField,
  eventsSoFar,
  gather,
  interrupt,
  killAll,
  manifestFile,
  only,
  resumePeer,
  startPeer,
  summaryOf,
  until,
} from './peers.js'

const names = ['anna', 'bert', 'carl', 'dora']
const data = { set: 'digits', standardise: { mean: [5], std: [6] } }

interface Charged {
  readonly rate: number
  readonly noise: number
  readonly steps: number
}

/** The one line of a peer's ledger. */
async function chargedIn(out: string): Promise<Charged> {
  const { steps } = await readJson<{ steps: Charged[] }>(join(out, 'ledger.json'))
  expect(steps).toHaveLength(1)
  return steps[0]!
}

/** With how many others a peer shared noise in its last rounds. */
function pairsIn(events: readonly PeerEvent[]): number[] {
  return only(events, 'trained').map(({ privacy }) => privacy!.contribution!.pairs)
}

describe('peers with a budget for what they contribute', () => {
  it('share noise with those that are there, and charge what is left of it to their ledgers', async () => {
    const folder = await temporaryFolder()
    const privacy = { of: 'contribution', budget: 900, clip: 0.01, noise: 20 }
    const fields = { ...endlessField, data, peers: names.length, minPeers: names.length, topology: 'full', privacy }
    const manifest = await manifestFile(fields)
    const outs = names.map(name => join(folder, name))
    const peers = await gather(manifest, outs, at => ['--as', names[at]!])
    await until(() => outs.every(out => pairsIn(eventsSoFar(out)).filter(pairs => pairs === 3).length >= 2), peers)

    const killed = peers.pop()!
    await killAll([killed])
    const before = outs.map(out => eventsSoFar(out).length)
    const charged = await chargedIn(killed.out)
    // What a killed process had begun is charged, whether or not it came to an end.
    expect(charged.steps).toBeGreaterThanOrEqual(only(eventsSoFar(killed.out), 'trained').length)
    const since = (peer: number): PeerEvent[] => eventsSoFar(outs[peer]!).slice(before[peer])
    await until(() => [0, 1, 2].every(peer => pairsIn(since(peer)).includes(2)), peers)

    const back = resumePeer('join', killed.out)
    await until(() => [0, 1, 2, 3].every(peer => pairsIn(since(peer)).at(-1) === 3), [...peers, back])
    await interrupt([...peers, back])
    const after = await chargedIn(killed.out)
    expect(after.steps).toBeGreaterThan(charged.steps)
    for (const out of outs) {
      const { noise, rate, steps } = await chargedIn(out)
      expect(rate).toBe(1)
      expect(steps).toBeGreaterThanOrEqual(only(eventsSoFar(out), 'trained').length)
      // Of all rounds: more hidden than by the own noise alone, whose σ is 10.
      expect(noise).toBeGreaterThan(10)
      const spent = (await summaryOf(out)).privacy!
      expect(spent).toMatchObject({ of: 'contribution', budget: 900, delta: 1e-5, isSeeded: false })
      expect(spent.epsilon).toBeGreaterThan(0)
    }
  })

  it.each([
    [{ noise: undefined }, 'privacy.noise: is missing: where peers come and go'],
    [{ pairNoise: 10 }, 'privacy.pairNoise: 10 is too much where peers come and go'],
  ])('are told in one line what does not fit peers that come and go: %j', async (section, message) => {
    const privacy = { of: 'contribution', budget: 8, noise: 5, ...section }
    const manifest = await manifestFile({ ...endlessField, data, privacy })
    const { status, stderr } = await startPeer(manifest, join(await temporaryFolder(), 'run')).running.ended
    expect({ status, lines: stderr.trim().split('\n') }).toEqual({
      status: 2,
      lines: [expect.stringContaining(message)],
    })
  })
})

describe('a simulation of them', () => {
  const options = ['--workers', '1', '--transport', 'memory'] as const
  const fileOf = (section: object, fields: object = {}): Promise<string> =>
    manifestFile({
      ...{ data, peers: 5, rounds: 1, topology: 'full' },
      ...fields,
      privacy: { of: 'contribution', budget: 900, ...section },
    })

  it('P39 has no noise of pairs in the mean over all peers, and makes the same numbers again', async () => {
    const noised = await fileOf({ clip: 0.1, noise: 1, pairNoise: 3 })
    const [first, again] = [await simulated([noised, ...options]), await simulated([noised, ...options])]
    expect(differing(first.parameters, again.parameters)).toEqual([])
    const plain = await simulated([await fileOf({ clip: 0.1, noise: 1, pairNoise: 0 }), ...options])
    const [a, b] = [first, plain].map(({ parameters }) => meanOf([...parameters.values()].map(floatsIn)))
    for (const [at, value] of a!.entries()) expect(Math.abs(value - b![at]!)).toBeLessThan(1e-5)
  })

  it('ends training in time at every peer, though one dies, and says that it gives no privacy', async () => {
    const manifest = await fileOf({ budget: 8, noise: 4 }, { rounds: 30 })
    const { summary } = await simulated([manifest, ...options, '--fail', '2@3'])
    expect(summary.privacy).toMatchObject({ of: 'contribution', budget: 8, isSeeded: true, isOver: true })
    expect(summary.privacy!.epsilon).toBeLessThanOrEqual(8)
    expect(summary.privacy!.epsilon).toBeGreaterThan(6)
  })
})

function floatsIn(file: Buffer): Float32Array {
  const bytes = tensorsIn(file)
  return new Float32Array(Uint8Array.from(bytes).buffer, 0, Math.floor(bytes.length / 4))
}

function meanOf(all: readonly Float32Array[]): Float64Array {
  return Float64Array.from(all[0]!, (_, at) => all.reduce((sum, values) => sum + values[at]!, 0) / all.length)
}
