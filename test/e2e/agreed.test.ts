import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PeerSettings } from '../../src/disk/index.js'
import type { NamedPeer, PeerEvent } from '../../src/node/index.js'
import { cardSites, writeCards } from '../data/cards.js'
import { readJson, temporaryFolder } from './hearsay.js'
import { eventsSoFar, interrupt, joinPeer, killAll, manifestFile, only, resumePeer, startPeer, until } from './peers.js'

const standardised = (out: string): Extract<PeerEvent, { type: 'standardised' }>[] =>
  only(eventsSoFar(out), 'standardised')
const ended = (out: string): number => only(eventsSoFar(out), 'ended').length

describe("four sites' card payments, a process each", () => {
  it('are learned by all, by one standardisation that holds for who was killed and comes back, and for who comes late', async () => {
    const folder = await temporaryFolder()
    const cards = await writeCards(join(folder, 'cards'))
    const table = (site: string): string => join(cards, `${site}.csv`)
    const manifest = await manifestFile({
      peers: cardSites.length,
      minPeers: cardSites.length,
      // Ends when it is told to: who comes late finds the others, whatever the machine.
      rounds: 100_000,
      data: { set: table(cardSites[0]!), label: 'fraud', classes: ['no', 'yes'] },
      topology: 'full',
      partition: undefined,
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

    const [agreed] = standardised(outs[0]!)
    const isKept = async (out: string): Promise<void> =>
      expect(await readJson(join(out, 'agreed.json'))).toEqual({ sum: agreed!.sum })
    for (const out of outs) await isKept(out)
    expect(agreed!.members.map(({ name }) => name).sort()).toEqual([...cardSites].sort())

    const back = outs.map((out, at) => resumePeer(at === 0 ? 'start' : 'join', out))
    const roundsBefore = outs.map(ended)
    await until(() => outs.every((out, at) => ended(out) >= roundsBefore[at]! + 3), back)
    const late = join(folder, 'late')
    const again = await back[0]!.address
    const all = [...back, joinPeer(again, late, ['--data', table('hotel'), '--as', 'late'])]
    await until(() => ended(late) >= 2, all)
    await interrupt(all)

    for (const out of outs) expect(standardised(out).map(({ sum }) => sum)).toEqual([agreed!.sum, agreed!.sum])
    // It is not in the sum, and begins where the others are.
    const ids = await Promise.all(outs.map(async out => (await readJson<PeerSettings>(join(out, 'peer.json'))).id))
    const siteOf = ({ peer }: NamedPeer): string => cardSites[ids.indexOf(peer)]!
    expect(standardised(late).map(({ sum, members }) => [sum, members.map(siteOf).sort()])).toEqual([
      [agreed!.sum, [...cardSites].sort()],
    ])
    await isKept(late)
    expect(only(eventsSoFar(late), 'trained')[0]!.round).toBeGreaterThan(0)
    for (const out of [...outs, late]) {
      expect(only(eventsSoFar(out), 'evaluated').at(-1)!.accuracy, out).toBeGreaterThanOrEqual(0.97)
    }
  })
})
