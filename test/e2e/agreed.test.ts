import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PeerEvent } from '../../src/node/index.js'
import { cardSites, writeCards } from '../data/cards.js'
import { readJson, temporaryFolder } from './hearsay.js'
import { end, eventsSoFar, joinPeer, killAll, manifestFile, only, resumePeer, startPeer, until } from './peers.js'

const rounds = 3

const standardised = (out: string): Extract<PeerEvent, { type: 'standardised' }>[] =>
  only(eventsSoFar(out), 'standardised')

describe("four sites' card payments, a process each", () => {
  it('are learned by all, by one standardisation that holds for who was killed and comes back', async () => {
    const folder = await temporaryFolder()
    const cards = await writeCards(join(folder, 'cards'))
    const table = (site: string): string => join(cards, `${site}.csv`)
    const manifest = await manifestFile({
      peers: cardSites.length,
      minPeers: cardSites.length,
      rounds,
      data: { set: table(cardSites[0]!), label: 'fraud', classes: ['no', 'yes'] },
      topology: 'full',
      partition: undefined,
      // Long enough for a look at what they have written: they are killed in their first round.
      training: { epochs: 20 },
    })
    const outs = cardSites.map(site => join(folder, site))
    const first = startPeer(manifest, outs[0]!, ['--as', cardSites[0]!])
    const address = await first.address
    const others = cardSites
      .slice(1)
      .map((site, at) => joinPeer(address, outs[at + 1]!, ['--data', table(site), '--as', site]))
    await until(() => outs.every(out => standardised(out).length > 0), [first, ...others])
    await killAll([first, ...others])

    const kept = await Promise.all(outs.map(out => readJson(join(out, 'agreed.json'))))
    const [agreed] = standardised(outs[0]!)
    for (const sums of kept) expect(sums).toEqual({ sum: agreed!.sum })
    expect([...agreed!.members].sort()).toEqual([...cardSites].sort())

    const back = outs.map((out, at) => resumePeer(at === 0 ? 'start' : 'join', out))
    for (const peer of back) expect(await end(peer)).toMatchObject({ status: 0 })
    for (const out of outs) {
      expect(standardised(out).map(({ sum }) => sum)).toEqual([agreed!.sum, agreed!.sum])
      const tested = only(eventsSoFar(out), 'evaluated').findLast(({ round }) => round === rounds - 1)
      expect(tested?.accuracy, out).toBeGreaterThanOrEqual(0.97)
    }
  })
})
