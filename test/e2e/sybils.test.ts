import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, it, onTestFinished } from 'vitest'
import { parseJoinAddress } from '../../src/node/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import { enter } from '../endurance/mallory.js'
import { temporaryFolder } from './hearsay.js'
import {
  endlessField,
  eventsSoFar,
  joinPeer,
  killAll,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  until,
} from './peers.js'

const names = ['honest 0', 'honest 1', 'honest 2']
const identities = 12
const newcomers = 8

it('a dozen identities that come within a minute get eight seats in the graph, and none of the others', async () => {
  const folder = await temporaryFolder()
  const manifest = await manifestFile({
    ...endlessField,
    minPeers: names.length,
    topology: 'full',
    // They say nothing but that they are there: nobody is to wait for them for long.
    limits: { exchangeSeconds: 2 },
  })
  const outs = names.map((_, at) => join(folder, `${at}`))
  const named = (at: number): string[] => ['--as', names[at]!, '--share', `${at}`]
  const first = startPeer(manifest, outs[0]!, named(0))
  const address = await first.address
  const peers = [first, ...[1, 2].map(at => joinPeer(address, outs[at]!, named(at)))]
  await until(() => outs.every(out => roundsOf(out) >= 2), peers)

  const run = { runId: parseJoinAddress(address).runId!, rounds: endlessField.rounds, layout: layoutOf([]) }
  const contact = address.split('#')[0]!
  const startedAt = Date.now()
  const members = await Promise.all(
    Array.from({ length: identities }, async (_, at) =>
      enter(run, await generateKeyPair('Ed25519'), contact, `mallory ${at}`),
    ),
  )
  onTestFinished(() => Promise.all(members.map(({ host }) => host.stop())).then(() => {}))
  // Each is live to every honest peer: they are of the run, and could not be more of it.
  await until(() => members.every(({ victims }) => victims().length === names.length), peers)
  const seen = (out: string) =>
    only(eventsSoFar(out), 'members').map(({ members, atMs }) => ({ atMs, there: members.map(({ name }) => name) }))
  const before = outs.map(roundsOf)
  await until(() => outs.every((out, at) => roundsOf(out) >= before[at]! + 3 && seen(out).length > 1), peers)
  const settled = outs.map(seen)
  // One that is restarted meanwhile takes none of those that wait for an old member, whom it hears first of all.
  const [last] = peers.splice(-1)
  await killAll([last!])
  peers.push(resumePeer('join', outs.at(-1)!))
  const isWhole = (): boolean => names.every(name => seen(outs.at(-1)!).at(-1)!.there.includes(name))
  await until(() => seen(outs.at(-1)!).length > settled.at(-1)!.length && isWhole(), peers)
  await killAll(peers)

  for (const views of settled) {
    for (const { there } of views) for (const name of names) expect(there).toContain(name)
    expect(Math.max(...views.map(({ there }) => there.length))).toBeGreaterThanOrEqual(names.length + newcomers)
  }
  // After a minute the first are no newcomers any more, if the machine is that slow.
  for (const { there, atMs } of outs.flatMap(seen)) {
    if (atMs < startedAt + 60_000) expect(there.length).toBeLessThanOrEqual(names.length + newcomers)
  }
})
