import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/node/index.js'
import { eventsOf, readJson, simulated, temporaryFolder } from './hearsay.js'
import {
  eventsSoFar,
  joinPeer,
  killAll,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  summaryOf,
  until,
} from './peers.js'

/** With noise 2, what 5 rounds cost is within the budget, and what 6 cost is not. */
const rounds = 7
const task = {
  data: { set: 'digits', standardise: { mean: [5], std: [6] } },
  model: { kind: 'mlp', hidden: [16] },
  peers: 2,
  minPeers: 2,
  rounds,
  training: { batch: 64, learningRate: 0.5 },
}

async function chargedIn(out: string): Promise<number> {
  const { steps } = await readJson<{ steps: { steps: number }[] }>(join(out, 'ledger.json'))
  return steps.reduce((sum, kind) => sum + kind.steps, 0)
}

describe('two peers with a budget of privacy', () => {
  it('train until it is spent, though they are killed meanwhile, and merge until the end', async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile({ ...task, privacy: { budget: 1.9, noise: 2 } })
    const outs = ['anna', 'bert'].map(name => join(folder, name))
    const [anna, bert] = outs as [string, string]
    const first = startPeer(manifest, anna, ['--as', 'anna'])
    const peers = [first, joinPeer(await first.address, bert, ['--as', 'bert'])]
    await until(() => outs.every(out => roundsOf(out) >= 2), peers)
    await killAll(peers)
    const charged = await Promise.all(outs.map(chargedIn))
    // Of some 720 records by 64: what a killed process had begun is charged, whether or not it came to an end.
    for (const [at, out] of outs.entries()) {
      expect(charged[at]).toBeGreaterThanOrEqual(10 * only(eventsSoFar(out), 'trained').length)
    }

    const back = [resumePeer('start', anna), resumePeer('join', bert)]
    await Promise.all(back.map(peer => peer.prints(/^privacy {3}ε 1\.\d\d at δ 1e-5: another round would exceed/m)))
    for (const { status, stdout, stderr } of await Promise.all(back.map(({ running }) => running.ended))) {
      expect(stderr).toBe('')
      expect(status).toBe(0)
      expect(stdout).toMatch(/privacy ε 1\.\d\d at δ 1e-5 for each record, of a budget of 1\.9;/)
    }
    for (const [at, out] of outs.entries()) {
      const events = eventsSoFar(out)
      const trained = only(events, 'trained')
      const idle = trained.filter(({ samples }) => samples === 0)
      expect(idle.length).toBeGreaterThan(0)
      // It goes on with the others all the same.
      expect(only(events, 'merged').at(-1)!.round).toBe(rounds - 1)
      expect(await chargedIn(out)).toBeGreaterThan(charged[at]!)
      const { privacy } = await summaryOf(out)
      expect(privacy).toMatchObject({ budget: 1.9, delta: 1e-5, isSeeded: false })
      expect(privacy!.epsilon).toBeLessThanOrEqual(1.9)
    }
  })

  it('do not begin their budget anew where the ledger is gone', async () => {
    const folder = await temporaryFolder()
    const out = join(folder, 'anna')
    const manifest = await manifestFile({ ...task, rounds: 1000, minPeers: 1, privacy: { budget: 8 } })
    const peer = startPeer(manifest, out)
    await until(() => roundsOf(out) >= 1, [peer])
    await killAll([peer])
    await rm(join(out, 'ledger.json'))
    const { status, stderr } = await resumePeer('start', out).running.ended
    expect(status).toBe(2)
    expect(stderr).toContain(`${join(out, 'ledger.json')}: is missing, so what this peer's records have cost`)
    expect(stderr).not.toContain('    at ')
  })
})

describe('a simulation with a budget of privacy and a rule of whom to believe', () => {
  it('keeps both: no peer exceeds its budget, and each hears a liar less than the honest', async () => {
    const manifest = await manifestFile({ ...task, peers: 5, rounds: 4, topology: 'full', privacy: { budget: 8 } })
    const { out, summary } = await simulated([manifest, '--believe', 'clip', '--attack', 'sign-flip=3:4'])
    expect(summary.privacy!.epsilon).toBeGreaterThan(0)
    expect(summary.privacy!.epsilon).toBeLessThanOrEqual(8)
    const [a, b, c, d, liar] = (await readJson<{ id: string }[]>(join(out, 'peers.json'))).map(({ id }) => id)
    const events = (await eventsOf(out)) as unknown as RunEvent[]
    const merges = events.flatMap(event => (event.type === 'merged' && event.peer !== liar ? [event] : []))
    expect(merges).toHaveLength(4 * 4)
    for (const { perPeer } of merges) {
      const { [liar!]: ofLiar, ...honest } = perPeer!.believed!
      expect(Object.keys(honest).sort()).toEqual([a, b, c, d].sort())
      for (const weight of Object.values(honest)) expect(weight).toBeGreaterThan(ofLiar!)
    }
  })
})
