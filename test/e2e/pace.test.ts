import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from './hearsay.js'
import { end, eventsSoFar, gather, manifestFile, only, wellEnded } from './peers.js'

it('peers take as many steps as there is time for, within their range', async () => {
  const folder = await temporaryFolder()
  const [least, most, batch, rounds] = [3, 40, 16, 6]
  const manifest = await manifestFile({
    peers: 3,
    minPeers: 3,
    rounds,
    topology: 'full',
    training: { pace: { least, most }, batch },
  })
  const outs = ['anna', 'bert', 'carl'].map(name => join(folder, name))
  const peers = await gather(manifest, outs, at => ['--as', ['anna', 'bert', 'carl'][at]!])
  for (const peer of peers) expect(await end(peer)).toEqual(wellEnded)
  const first: number[] = []
  const later: number[] = []
  for (const out of outs) {
    const trained = only(eventsSoFar(out), 'trained')
    expect(trained.map(({ round }) => round)).toEqual([0, 1, 2, 3, 4, 5])
    // The last batch of an epoch may be smaller.
    first.push(trained[0]!.samples)
    later.push(...trained.slice(1).map(({ samples }) => samples))
    for (const { received } of only(eventsSoFar(out), 'exchanged')) expect(received.length).toBeGreaterThan(0)
  }
  // Nothing is known in the first round; then the slower ones of three take fewer.
  const full = Math.min(...first)
  expect(full).toBeGreaterThan((most - 10) * batch)
  for (const samples of later) expect(samples).toBeLessThanOrEqual(most * batch)
  expect(Math.min(...later)).toBeLessThan(full)
})
