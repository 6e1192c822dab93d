import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadOrCreateIdentity } from '../../src/disk/index.js'
import { temporaryFolder } from '../e2e/hearsay.js'
import {
  eventsSoFar,
  type FieldPeer,
  interrupt,
  joinPeer,
  killAll,
  manifestFile,
  only,
  roundsOf,
  startPeer,
  summaryOf,
  until,
} from '../e2e/peers.js'

/** Four bodies whose heads are alike: 16 features, 10 classes. */
const models = [
  { kind: 'cnn', channels: [8], hidden: 16 },
  { kind: 'mlp', hidden: [64, 16] },
  { kind: 'cnn', channels: [4, 8], hidden: 16 },
  { kind: 'mlp', hidden: [16] },
]
const fields = { data: 'digits', partition: 'iid', merge: 'mixture', models, peers: 4 }

/** One that starts and two that join it, each in a folder of its name. */
async function three(
  folder: string,
  [second, third]: readonly [string, string],
  more: Record<string, unknown>,
): Promise<[FieldPeer, FieldPeer, FieldPeer]> {
  const manifest = await manifestFile({ ...fields, training: { epochs: 12 }, minPeers: 3, ...more })
  const start = startPeer(manifest, join(folder, 'start'), ['--as', 'start'])
  const address = await start.address
  const joined = (name: string, share: string): FieldPeer =>
    joinPeer(address, join(folder, name), ['--as', name, '--share', share])
  return [start, joined(second, '1'), joined(third, '2')]
}

describe('a mixture over TCP', () => {
  it('of four processes with four bodies: one is killed and its head still serves, also one who comes later', async () => {
    const folder = await temporaryFolder()
    const [start, stays, dies] = await three(folder, ['stays', 'dies'], {
      rounds: 24,
      evaluation: { every: 4 },
      limits: { exchangeSeconds: 10 },
    })
    await until(() => roundsOf(start.out) >= 3 && roundsOf(dies.out) >= 2, [start, stays, dies])
    await killAll([dies])
    const late = joinPeer(await start.address, join(folder, 'late'), ['--as', 'late', '--share', '3'])
    const peers = [start, stays, late]
    for (const { running } of peers) expect(await running.ended).toMatchObject({ status: 0, stderr: '' })

    const { peerId } = await loadOrCreateIdentity(join(dies.out, 'identity.key'))
    const summaries = await Promise.all(peers.map(({ out }) => summaryOf(out)))
    expect(new Set(summaries.map(({ run }) => run)).size).toBe(1)
    for (const [at, { out }] of peers.entries()) {
      const tested = only(eventsSoFar(out), 'evaluated').at(-1)!
      const weights = tested.perPeer!.weights!
      // Itself, two that are there, and the one that is gone.
      expect(Object.keys(weights)).toHaveLength(4)
      expect(weights[peerId.toString()]).toBeGreaterThan(0)
      expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4)
      expect(tested.figures!.ownHead).toBeGreaterThan(0.8)
      expect(tested.accuracy).toBeGreaterThan(0.8)
      expect({ at, rounds: summaries[at]!.rounds }).toEqual({ at, rounds: 24 })
      expect(summaries[at]!.rejected).not.toHaveProperty('WRONG_LAYOUT')
    }
    expect(only(eventsSoFar(late.out), 'caught-up').length).toBeGreaterThan(0)
  })

  it('waits for nobody with mode: async: one who stands still holds up no round, and is listened to again later', async () => {
    const peers = await three(await temporaryFolder(), ['moves', 'stands'], {
      mode: 'async',
      rounds: 30,
      evaluation: { every: 5 },
      limits: { exchangeSeconds: 60 },
    })
    const [start, moves, stands] = peers
    await until(() => peers.every(({ out }) => roundsOf(out) >= 3), peers)
    stands.running.child.kill('SIGSTOP')
    const [at, stood] = [roundsOf(start.out), roundsOf(stands.out)]
    // Far fewer seconds than the deadline that a synchronous round would wait for it.
    await until(() => roundsOf(start.out) >= at + 6, [start, moves])
    expect(roundsOf(stands.out)).toBeLessThanOrEqual(stood + 1)
    stands.running.child.kill('SIGCONT')
    for (const { running } of peers) expect(await running.ended).toMatchObject({ status: 0, stderr: '' })
    for (const { out } of peers) {
      const tested = only(eventsSoFar(out), 'evaluated').at(-1)!
      expect(Object.keys(tested.perPeer!.weights!)).toHaveLength(3)
      expect(tested.accuracy).toBeGreaterThan(0.8)
      const waited = only(eventsSoFar(out), 'exchanged').map(({ waitSeconds }) => waitSeconds)
      expect(Math.max(...waited)).toBeLessThan(30)
    }
  })

  it('refuses a body whose head is another, and a body of one’s own where models are merged', async () => {
    const folder = await temporaryFolder()
    const mixing = startPeer(await manifestFile({ ...fields, minPeers: 2 }), join(folder, 'mixing'))
    const merging = startPeer(await manifestFile({ minPeers: 2 }), join(folder, 'merging'))
    const refused = async (address: string, model: string): Promise<string> => {
      const { status, stdout, stderr } = await joinPeer(address, join(folder, model), ['--model', model]).running.ended
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(/^error: .+\n$/)
      return stderr
    }
    expect(await refused(await mixing.address, 'mlp:32')).toMatch(
      /output\/kernel 32×10.* and the run's output\/kernel 16×10/,
    )
    expect(await refused(await mixing.address, 'tree')).toMatch(/--model tree: .*must be one of/)
    expect(await refused(await merging.address, 'mlp:16')).toMatch(/--model: peers of this run merge their models/)
    await interrupt([mixing, merging])
  })
})
