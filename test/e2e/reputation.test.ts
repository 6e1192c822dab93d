import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from './hearsay.js'
import { lie } from './liar.js'
import {
  endlessField,
  eventsSoFar,
  joinPeer,
  killAll,
  manifestFile,
  only,
  startPeer,
  summaryOf,
  until,
} from './peers.js'

const names = ['anna', 'bert', 'carla']

it('a peer that hands over what it has learnt turned round is muted for ten rounds and heard again', async () => {
  const folder = await temporaryFolder()
  const manifest = await manifestFile({
    ...endlessField,
    peers: 4,
    minPeers: names.length + 1,
    topology: 'full',
    believe: 'clip',
    reputation: 'mute',
  })
  const outs = names.map(name => join(folder, name))
  const named = (at: number): string[] => ['--as', names[at]!, '--share', `${at}`]
  const first = startPeer(manifest, outs[0]!, named(0))
  const address = await first.address
  const peers = [first, ...[1, 2].map(at => joinPeer(address, outs[at]!, named(at)))]
  const over = new AbortController()
  const lying = lie(address, 'mallory', 3, model => model.map(value => -2 * value), over.signal)
  const news = (out: string) => eventsSoFar(out).filter(event => event.type === 'muted' || event.type === 'unmuted')
  await until(() => outs.every(out => news(out).length >= 2), peers)
  first.running.child.kill('SIGINT')
  const { status, stdout } = await first.running.ended
  await killAll(peers.slice(1))
  over.abort()
  await lying

  for (const out of outs) {
    const [muted, back] = news(out)
    expect([muted!.type, back!.type]).toEqual(['muted', 'unmuted'])
    expect(back!.round - muted!.round).toBe(11)
    for (const event of news(out)) expect(event.peers.map(({ name }) => name)).toEqual(['mallory'])
    expect(only(eventsSoFar(out), 'evaluated').at(-1)!.accuracy, out).toBeGreaterThan(0.5)
  }
  expect(status).toBe(130)
  expect(stdout).toMatch(/^muted {5}mallory: for 10 rounds its heads have no weight/m)
  expect(stdout).toMatch(/^unmuted {3}mallory is heard again$/m)
  const { reputation } = await summaryOf(outs[0]!)
  const known = Object.values(reputation!)
  expect(
    known
      .filter(({ name }) => name !== 'mallory')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['bert', 'carla'])
  for (const { name, isMuted } of known) expect(isMuted).toBe(name === 'mallory' && isMuted)
})
