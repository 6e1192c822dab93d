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
  roundsOf,
  startPeer,
  until,
} from './peers.js'

const names = ['honest 0', 'honest 1', 'honest 2']
const identities = 30
const newcomers = 8

it('thirty identities that come within a minute get eight seats in the graph, and none of the others', async () => {
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
  await killAll(peers)

  for (const out of outs) {
    for (const { there, atMs } of seen(out)) {
      for (const name of names) expect(there).toContain(name)
      // After a minute the first are no newcomers any more, if the machine is that slow.
      if (atMs < startedAt + 60_000) expect(there.length).toBeLessThanOrEqual(names.length + newcomers)
    }
    expect(Math.max(...seen(out).map(({ there }) => there.length))).toBeGreaterThanOrEqual(names.length + newcomers)
  }
})
