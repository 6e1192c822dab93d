import type { PrivateKey } from '@libp2p/interface'
import { expect, it, onTestFinished } from 'vitest'
import { type HearsayHost, stateProtocol, untimed } from '../../src/gossip/index.js'
import type { Learner } from '../../src/learner/index.js'
import type { MixtureLearner } from '../../src/mixture/index.js'
import {
  createLockstep,
  fixedPatience,
  type Identity,
  type Lockstep,
  localPlan,
  parseManifest,
} from '../../src/node/index.js'
import { resolveMethod } from '../../src/node/method.js'
import { createMixing, type Mixing } from '../../src/node/mixing.js'
import type { Beginning } from '../../src/node/work.js'
import { numbered } from '../data/samples.js'
import { connect, never, newKey, startHost, until } from '../gossip/hosts.js'
import { runId, smallLayout } from '../gossip/publication/publishers.js'

/** A peer of a simulation that knows one other. */
function mixingOf(host: HearsayHost, privateKey: PrivateKey, other: string, lockstep: Lockstep): Mixing {
  const manifest = parseManifest({ rounds: 10, merge: 'mixture', data: 'digits' })
  const settings = resolveMethod(manifest)
  if (settings.kind !== 'mixture') expect.unreachable()
  return createMixing(
    {
      self: 0,
      name: 'basel',
      runId,
      manifest,
      settings,
      identity: { privateKey, peerId: host.peerId } as Identity,
      learner: {} as Learner,
      mixture: {} as MixtureLearner,
      localPlan: localPlan(manifest),
      parameters: new Float32Array(smallLayout.size),
      head: { start: 0, end: smallLayout.size, layout: smallLayout },
      test: numbered([0]),
      patience: fixedPatience(Number.POSITIVE_INFINITY),
      timing: untimed,
      lockstep,
    },
    host,
    { live: () => [other], heard: () => new Map() } as never,
  )
}

it('in a simulation nobody waits for what the dead would answer', async () => {
  const privateKey = await newKey()
  const [host, silent] = await Promise.all([startHost('memory', privateKey), startHost()])
  let questions = 0
  await silent.handle(stateProtocol.id, () => {
    questions += 1
  })
  await connect(host, silent)
  const id = silent.peerId.toString()
  // It dies in round 3.
  const lockstep = { isGone: (peer: string, round: number) => peer === id && round >= 3 } as Lockstep
  const mixing = mixingOf(host, privateKey, id, lockstep)
  await mixing.start()
  onTestFinished(() => mixing.stop())

  mixing.at(3)
  await mixing.catchUp(never)
  expect(questions).toBe(0)
  // Alive, it is asked, however long it takes.
  mixing.at(2)
  const over = new AbortController()
  const asking = mixing.catchUp(over.signal)
  await until(() => questions === 1)
  over.abort(new Error('enough'))
  await expect(asking).rejects.toThrow('enough')
})

it('a round that is interrupted while heads are waited for ends with the reason, and tells of nobody as absent', async () => {
  const privateKey = await newKey()
  const [host, silent] = await Promise.all([startHost('memory', privateKey), startHost()])
  const members = [host, silent].map(({ peerId }, at) => ({ name: `peer-${at}`, peerId, addresses: [] }))
  const mixing = mixingOf(
    host,
    privateKey,
    silent.peerId.toString(),
    createLockstep(members.map(({ peerId }) => peerId.toString())),
  )
  await mixing.start()
  onTestFinished(() => mixing.stop())
  const beginning = { federation: { at: () => ({ members, self: 0 }) }, open: undefined, tellsMembers: false }
  const rounds = mixing.begin(beginning as unknown as Beginning)
  const reason = new Error('enough')
  const control = new AbortController()
  const events: unknown[] = []
  const running = (async () => {
    for await (const event of rounds.gossip!(0, new Float32Array(smallLayout.size), control.signal)) events.push(event)
  })()
  await until(() => mixing.latest() !== undefined)
  control.abort(reason)
  await expect(running).rejects.toBe(reason)
  expect(events).toEqual([])
})
