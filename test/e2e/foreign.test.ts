import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root, startProgram, temporaryFolder } from './hearsay.js'
import { eventsSoFar, joinPeer, manifestFile, only, startPeer, summaryOf } from './peers.js'

const rounds = 10

/** What honest peers may hear and say when one is slower than another, or has not begun when the other's head comes. */
const races = ['STALE_ROUND', 'STALE_RECORD', 'NOT_A_NEIGHBOUR']

/** A line that the foreign peer prints. */
interface Did {
  readonly did: string
  readonly [more: string]: unknown
}

it('a peer that somebody else wrote from docs/wire.md takes part', async () => {
  const folder = await temporaryFolder()
  const manifest = await manifestFile({
    topology: 'full',
    peers: 3,
    minPeers: 3,
    rounds,
    limits: { exchangeSeconds: 60 },
  })
  const start = startPeer(manifest, join(folder, 'start'), ['--as', 'start'])
  const address = await start.address
  const joined = joinPeer(address, join(folder, 'joined'), ['--as', 'joined'])
  const foreign = startProgram(process.execPath, [join(root, 'test/fixtures/foreign/peer.mjs'), address], root)
  const members = [start, joined]
  for (const { running } of members) {
    const { status, stderr } = await running.ended
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  }
  const { status, stdout, stderr } = await foreign.ended
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })

  for (const { out } of members) {
    const events = eventsSoFar(out)
    const { members: all } = only(events, 'members').at(-1)!
    expect(all.map(({ name }) => name).sort()).toEqual(['foreign', 'joined', 'start'])
    // Whoever left in the last round has said goodbye.
    const { peer } = all.find(({ name }) => name === 'foreign')!
    const heard = only(events, 'exchanged').filter(({ received }) => received.includes(peer))
    expect(heard.length).toBeGreaterThan(rounds / 2)
    const summary = await summaryOf(out)
    expect(summary).toMatchObject({ rounds, interrupted: false })
    // Other than what comes too late on a busy machine, or on two ways, nothing of it is refused.
    for (const reason of Object.keys(summary.rejected)) expect(races).toContain(reason)
  }

  const did = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Did)
  const of = (what: string): Did[] => did.filter(line => line.did === what)
  const ids = (await Promise.all(members.map(({ out }) => summaryOf(out)))).map(({ id }) => id)
  expect(of('connected')[0]).toMatchObject({ peer: ids[0] })
  expect(new Set(of('identified').map(({ peer }) => peer))).toEqual(new Set(ids))
  for (const { agent } of of('identified')) expect(agent).toMatch(/^hearsay/)
  expect(of('asked for the manifest')).toEqual([expect.objectContaining({ rounds, minPeers: 3 })])
  expect(new Set(of('heard').map(({ name }) => name))).toEqual(new Set(['start', 'joined']))
  expect(of('exchanged').length).toBe(rounds)
  expect(of('refused')).toEqual([])
  for (const { given } of of('exchanged'))
    for (const code of given as string[]) expect(['ACCEPTED', ...races]).toContain(code)
  // `from` is 0 here and does not travel; `invite` is for runs by invitation.
  const [{ fields }] = of('heard all') as unknown as [{ fields: string[] }]
  expect(new Set(fields)).toEqual(
    new Set([
      'accuracy',
      'addresses',
      'headDigest',
      'headRound',
      'leaving',
      'localDistance',
      'loss',
      'name',
      'round',
      'samples',
      'share',
      'waiting',
    ]),
  )
})
