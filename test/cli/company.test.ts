import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { aloneRounds, createCompany } from '../../src/cli/company.js'
import type { MetMember } from '../../src/disk/index.js'
import type { PeerEvent } from '../../src/node/index.js'

const id = '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'
const address = `/ip4/192.0.2.7/tcp/4001/p2p/${id}`
const peer = { addresses: () => [multiaddr(address)], runId: new Uint8Array(32).fill(0xab) }
const bert: MetMember = { name: 'bert', peerId: peerIdFromString(id), addresses: [] }
const third = '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo'
const carl: MetMember = { name: 'carl', peerId: peerIdFromString(third), addresses: [], finished: true }

const own = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
const of = { atMs: 0, peer: own, round: 1 }

type Lines = (event: PeerEvent) => string[]

function companyOf(met: readonly MetMember[], hasBegun = true): Lines {
  return createCompany({ peer, command: 'start', folder: 'runs/anna', met: () => met, hasBegun })
}

/** What is said in a round that brought this. */
function roundOf(lines: Lines, received: string[], reason?: 'gone' | 'late'): string[] {
  const absent = reason === undefined ? [] : [{ peer: id, reason }]
  const events: PeerEvent[] = [
    { type: 'trained', ...of, loss: 1, samples: 1, seconds: 1 },
    { type: 'exchanged', ...of, step: 0, received, absent, waitSeconds: 0 },
    { type: 'ended', ...of, seconds: 1 },
  ]
  return events.flatMap(lines)
}

describe('who waits in a run that has begun', () => {
  const ids: Readonly<Record<string, string>> = { anna: own, bert: id, carl: third }
  const waiting = (...live: string[]): PeerEvent => ({
    type: 'waiting',
    ...of,
    live: live.map(name => ({ peer: ids[name] ?? 'somebody', name })),
    wanted: 3,
  })

  it('is told once for whom, and how to go on without', () => {
    const lines = companyOf([bert, carl])
    const expected = '          for bert; to go on without them: npx hearsay start --resume runs/anna --alone'
    expect(lines(waiting('anna'))).toEqual([expected])
    expect(lines(waiting('anna', 'dora'))).toEqual([])
    expect(companyOf([bert], false)(waiting('anna'))).toEqual([])
    expect(companyOf([])(waiting('anna'))[0]).toMatch(/^ {10}to go on without them/)
    expect(companyOf([bert])(waiting('anna', 'bert', 'carl'))).toEqual([])
  })
})

describe('a peer that is alone in a run that had others', () => {
  it('says so after some rounds, once, with what to type and where', () => {
    const lines = companyOf([bert, carl])
    const said = Array.from({ length: aloneRounds + 3 }, () => roundOf(lines, []))
    expect(said.map(({ length }) => length > 0)).toEqual(said.map((_, at) => at === aloneRounds - 1))
    const [first, ...more] = said[aloneRounds - 1]!
    expect(first).toMatch(/^alone {5}3 rounds without anybody: bert cannot be reached/)
    expect(more.at(-1)).toBe(`  npx hearsay join --resume <its run folder> ${address}#${'ab'.repeat(32)}`)
    // Found again and lost again, it says so again.
    expect(roundOf(lines, [id])).toEqual([])
    const again = Array.from({ length: aloneRounds }, () => roundOf(lines, [], 'gone'))
    expect(again.at(-1)![0]).toMatch(/^alone/)
  })

  it.each<[string, MetMember[], string[], 'gone' | 'late' | undefined]>([
    ['it hears somebody', [bert], [id], 'gone'],
    ['somebody is there and late', [bert], [], 'late'],
    ['it never had anybody', [], [], undefined],
    ['the others have done their rounds', [carl], [], undefined],
  ])('and not where %s', (_, met, received, absent) => {
    const lines = companyOf(met)
    expect(Array.from({ length: 5 }, () => roundOf(lines, received, absent)).flat()).toEqual([])
  })
})
