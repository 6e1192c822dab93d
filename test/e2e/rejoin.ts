import { join } from 'node:path'
import { expect } from 'vitest'
import { temporaryFolder } from './hearsay.js'
import {
  endlessField,
  eventsSoFar,
  gather,
  interrupt,
  killAll,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  summaryOf,
  until,
} from './peers.js'

/** Three processes learn by a method that keeps a vector from round to round; one is killed and comes back. */
export async function killedAndBack(merge: string, topology: 'full' | 'tree'): Promise<void> {
  const folder = await temporaryFolder()
  const fields = {
    ...endlessField,
    minPeers: 3,
    topology,
    merge,
    partition: { kind: 'dirichlet', alpha: 0.3 },
  }
  const outs = ['anna', 'bert', 'carl'].map(name => join(folder, name))
  const peers = await gather(await manifestFile(fields), outs)
  // Of how many others something came; on a tree that may be more than there are neighbours.
  const heard = (out: string, since = 0): number[] => {
    const events = eventsSoFar(out).slice(since)
    if (topology === 'full') return only(events, 'exchanged').map(({ received }) => received.length)
    return only(events, 'merged').map(({ figures }) => figures!.counted! - 1)
  }
  await until(() => outs.every(out => heard(out).includes(2)), peers)

  const killed = peers.pop()!
  await killAll([killed])
  const before = outs.map(out => eventsSoFar(out).length)
  await until(() => [0, 1].every(peer => heard(outs[peer]!, before[peer]).includes(1)), peers)
  const back = resumePeer('join', killed.out)
  await until(() => outs.every((out, peer) => heard(out, before[peer]).at(-1) === 2), [...peers, back])
  const reached = Math.max(...outs.map(roundsOf))
  await until(() => outs.every(out => roundsOf(out) >= reached + 5), [...peers, back])

  const all = [...peers, back]
  await interrupt(all)
  for (const out of outs) {
    // A tenth is a guess.
    expect((await summaryOf(out)).accuracy).toBeGreaterThan(0.5)
    expect(only(eventsSoFar(out), 'refused')).toEqual([])
  }
}
