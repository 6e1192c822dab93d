import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PeerEvent } from '../../src/node/index.js'
import { simulated, temporaryFolder, tensorsIn } from './hearsay.js'
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

const names = ['anna', 'bert', 'carl', 'dora', 'emil']

/** Rounds in which a peer merged the sum of so many others. */
function sumsOf(events: readonly PeerEvent[], others: number): number[] {
  return only(events, 'exchanged')
    .filter(({ received }) => received.length === others)
    .map(({ round }) => round)
}

describe('peers with masks', () => {
  it('merge sums, go on when one is killed, and with it when it comes back', async () => {
    const folder = await temporaryFolder()
    const fields = { ...endlessField, peers: names.length, minPeers: names.length, topology: 'full', masks: true }
    const manifest = await manifestFile(fields)
    const outs = names.map(name => join(folder, name))
    const peers = await gather(manifest, outs, at => ['--as', names[at]!])
    await until(() => outs.every(out => sumsOf(eventsSoFar(out), 4).length >= 2), peers)

    const killed = peers.pop()!
    await killAll([killed])
    const at = Math.max(...only(eventsSoFar(killed.out), 'ended').map(({ round }) => round))
    const before = outs.map(out => eventsSoFar(out).length)
    const since = (peer: number): PeerEvent[] => eventsSoFar(outs[peer]!).slice(before[peer])
    // First without any sum, as nobody knows yet that it is gone; then of those that are left.
    await until(() => [0, 1, 2, 3].every(peer => sumsOf(since(peer), 3).length >= 2), peers)
    const voided = only(since(0), 'exchanged').filter(({ received }) => received.length === 0)
    for (const { absent } of voided) expect(absent.length).toBeGreaterThan(0)

    const back = resumePeer('join', killed.out)
    await until(() => [0, 1, 2, 3, 4].every(peer => sumsOf(since(peer), 4).length >= 2), [...peers, back])
    // In the round in which it died it may have masked: that one is left out.
    const [next] = only(since(4), 'exchanged')
    expect(next!.round).toBeGreaterThan(at + 1)
    // It goes on with its own model: nobody hands one over.
    await interrupt([...peers, back])
    const { rejected } = await summaryOf(outs[0]!)
    expect(Object.keys(rejected).filter(reason => reason.startsWith('VOID_')).length).toBeGreaterThan(0)
    expect(rejected).not.toHaveProperty('TOO_FAR')
  })

  it('are told in one line where a sum would be a head', async () => {
    const manifest = await manifestFile({ ...endlessField, topology: 'ring', masks: true })
    const out = join(await temporaryFolder(), 'run')
    const { status, stderr } = await startPeer(manifest, out).running.ended
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^error: masks: every peer must hear 3 others, .* on topology ring .*\n$/),
    })
  })
})

describe('a simulation with masks', () => {
  const options = ['--data', 'digits', '--workers', '1', '--transport', 'memory'] as const

  it('makes the numbers of plain averages up to fixed point, and says what was void', async () => {
    const fields = { peers: 5, rounds: 3, topology: 'full' }
    const [masked, plain] = await Promise.all([manifestFile({ ...fields, masks: true }), manifestFile(fields)])
    const fail = ['--fail', '4@2'] as const
    const first = await simulated([masked, ...options, ...fail])
    // In the last round everybody misses the one that dies, and keeps its own head.
    expect(first.summary.perPeer.map(({ figures }) => figures)).toMatchObject([
      ...new Array(4).fill({ void: 1, clamped: 0 }),
      { void: 0, clamped: 0 },
    ])
    expect(first.summary.rejected).toEqual({ VOID_MISSING: 4 })

    // With shares, a quarter of four senders may be missing.
    const shared = await manifestFile({ ...fields, masks: { dropout: 'shares' } })
    const survived = await simulated([shared, ...options, ...fail])
    expect(survived.summary.rejected).toEqual({})
    expect(survived.summary.perPeer[0]!.figures).toMatchObject({ void: 0, clamped: 0 })

    const [whole, same] = [await simulated([masked, ...options]), await simulated([plain, ...options])]
    expect(whole.summary.rejected).toEqual({})
    for (const [name, file] of whole.parameters) {
      const [a, b] = [file, same.parameters.get(name)!].map(bytes => floatsIn(tensorsIn(bytes)))
      // Three rounds of training on what differs by a few units of 2^-24.
      for (const [at, value] of a!.entries()) expect(Math.abs(value - b![at]!)).toBeLessThan(1e-5)
    }
  })
})

function floatsIn(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer, 0, Math.floor(bytes.length / 4))
}
