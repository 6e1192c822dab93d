import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPeer } from '../../src/disk/index.js'
import { temporaryFolder } from './hearsay.js'
import {
  eventsSoFar,
  gather,
  killAll,
  longField,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  summaryOf,
  until,
} from './peers.js'

const names = ['anna', 'bert', 'carl']
const encoding = { codec: 'int8', memory: 'choco' }

/** The copies of a peer that has ended, by id, its own first; and the round of each. */
async function copiesOf(out: string) {
  const { method } = await readPeer(out)
  const tensors = method.tensors.filter(({ name }) => name.startsWith('copy:'))
  return tensors.map(({ name, values }, at) => ({ name, values, round: method.numbers.copies![at]! }))
}

describe('peers with memory', () => {
  it('one that is killed and comes back finds its copies again, and the others theirs of it', async () => {
    const folder = await temporaryFolder()
    const rounds = 12
    const manifest = await manifestFile({ ...longField, peers: 3, minPeers: 3, rounds, topology: 'full', encoding })
    const outs = names.map(name => join(folder, name))
    const peers = await gather(manifest, outs, at => ['--as', names[at]!])
    await until(() => outs.every(out => roundsOf(out) >= 2), peers)
    const killed = peers.pop()!
    await killAll([killed])
    await until(() => roundsOf(outs[0]!) >= roundsOf(killed.out) + 1, peers)
    peers.push(resumePeer('join', killed.out))
    for (const { running } of peers) {
      const { status, stderr } = await running.ended
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    }

    // P15: what a peer was in time to hear of another in the last round is what that one holds of itself.
    const all = await Promise.all(outs.map(copiesOf))
    const own = new Map(all.map(([mine]) => [mine!.name, mine!.values]))
    expect(own.size).toBe(3)
    const last = all.flatMap(([, ...others]) => others.filter(({ round }) => round === rounds - 1))
    expect(last.length).toBeGreaterThan(0)
    for (const { name, values } of last) expect(values).toEqual(own.get(name))

    const summaries = await Promise.all(outs.map(summaryOf))
    const repaired = summaries.map(({ traffic }) => traffic.received.repair)
    expect(repaired.reduce((a, b) => a + b)).toBeGreaterThan(0)
    expect(Math.max(...summaries.map(({ traffic }) => traffic.sent.joining))).toBeGreaterThan(0)
    for (const { traffic, sentBytes } of summaries) {
      const { wire, ...parts } = traffic.sent
      expect(Object.values(parts).reduce((a, b) => a + b)).toBe(wire)
      for (const purpose of ['heads', 'presence', 'libp2p'] as const) expect(parts[purpose]).toBeGreaterThan(0)
      // Heads, presence and whole copies, as the parts of a peer count them.
      expect(wire).toBeGreaterThan(sentBytes)
    }
    // It was away for rounds, of which it takes no message for granted.
    const back = only(eventsSoFar(killed.out), 'exchanged').filter(({ received }) => received.length === 2)
    expect(back.length).toBeGreaterThan(2)
    for (const { rejected } of summaries) expect(rejected).not.toHaveProperty('COPY_UNLIKE')
  })
})
