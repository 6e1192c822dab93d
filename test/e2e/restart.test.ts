import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PeerSettings } from '../../src/disk/index.js'
import { readJson, temporaryFolder } from './hearsay.js'
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

const names = ['anna', 'bert', 'carl']

async function portsOf(outs: readonly string[]): Promise<(readonly string[] | undefined)[]> {
  return Promise.all(outs.map(async out => (await readJson<PeerSettings>(join(out, 'peer.json'))).listening))
}

describe('a run of which all peers were killed at once', () => {
  it('goes on as one when they come back, where they were, and with the same round', async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile({ ...endlessField, minPeers: names.length })
    const outs = names.map(name => join(folder, name))
    const peers = await gather(manifest, outs, at => ['--as', names[at]!])
    await until(() => outs.every(out => roundsOf(out) >= 2), peers)
    await killAll(peers)
    const ports = await portsOf(outs)
    const before = outs.map(out => eventsSoFar(out).length)
    const since = (at: number) => eventsSoFar(outs[at]!).slice(before[at])

    const [alone, ...rest] = outs
    const waiting = resumePeer('start', alone!)
    // Alone it does not go on, and says for whom it waits.
    await waiting.prints(
      /^waiting {3}1 of 3 peers are here: anna\n {10}for (bert, carl|carl, bert); to go on without them: npx hearsay start --resume .*anna --alone$/m,
    )
    const back = [waiting, ...rest.map(out => resumePeer('join', out))]
    const isTogether = (at: number): boolean =>
      only(since(at), 'exchanged').filter(({ received }) => received.length === 2).length >= 3
    await until(() => names.every((_, at) => isTogether(at)), back)
    expect(await portsOf(outs)).toEqual(ports)
    const firstRounds = names.map((_, at) => only(since(at), 'trained')[0]!.round)
    expect(new Set(firstRounds).size).toBe(1)
    for (const at of names.keys()) {
      const { members } = only(since(at), 'members').at(-1)!
      expect(members.map(({ name }) => name).sort()).toEqual(names)
    }
    for (const { stdout } of await interrupt(back)) {
      expect(stdout).not.toMatch(/^alone/m)
    }
    expect((await summaryOf(outs[0]!)).interrupted).toBe(true)
  })
})
