import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from './hearsay.js'
import {
  endlessField,
  eventsSoFar,
  interrupt,
  joinPeer,
  manifestFile,
  only,
  startPeer,
  summaryOf,
  until,
} from './peers.js'

it.each([
  { codec: 'f32', slim: true },
  { codec: 'topk', keep: 0.05, of: 'tensor', memory: 'choco' },
])('peers hand heads as %j to each other over TCP', async encoding => {
  const folder = await temporaryFolder()
  const fields = { ...endlessField, peers: 2, minPeers: 2, encoding }
  const manifest = await manifestFile(fields)
  const outs = ['anna', 'bert'].map(name => join(folder, name))
  const first = startPeer(manifest, outs[0]!)
  const peers = [first, joinPeer(await first.address, outs[1]!)]
  const full = (out: string): number =>
    only(eventsSoFar(out), 'exchanged').filter(({ received }) => received.length === 1).length
  await until(() => outs.every(out => full(out) >= 3), peers)
  await interrupt(peers)
  for (const out of outs) {
    const { rejected } = await summaryOf(out)
    for (const reason of ['MALFORMED', 'WRONG_SIZE', 'WRONG_LAYOUT', 'NOT_FINITE'])
      expect(rejected).not.toHaveProperty(reason)
  }
})
