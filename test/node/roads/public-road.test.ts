import type { PrivateKey } from '@libp2p/interface'
import { expect, it, onTestFinished } from 'vitest'
import { type HearsayHost, stateProtocol, untimed } from '../../../src/gossip/index.js'
import { createLockstep, fixedPatience, type Identity, type Lockstep, parseManifest } from '../../../src/node/index.js'
import { createPublicRoad, type PublicationRoad } from '../../../src/node/roads/public-road.js'
import { connect, never, newKey, startHost, until } from '../../gossip/hosts.js'
import { runId, smallLayout } from '../../gossip/publication/publishers.js'

/** A peer of a simulation that knows one other. */
function roadOf(host: HearsayHost, privateKey: PrivateKey, other: string, lockstep: Lockstep): PublicationRoad {
  return createPublicRoad(
    {
      runId,
      manifest: parseManifest({ rounds: 10, merge: 'mixture', data: 'digits' }),
      identity: { privateKey, peerId: host.peerId } as Identity,
      layout: smallLayout,
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
  const road = roadOf(host, privateKey, id, lockstep)
  await road.start()
  onTestFinished(() => road.stop())

  road.at(3)
  await road.catchUp(never)
  expect(questions).toBe(0)
  // Alive, it is asked, however long it takes.
  road.at(2)
  const over = new AbortController()
  const asking = road.catchUp(over.signal)
  await until(() => questions === 1)
  over.abort(new Error('enough'))
  await expect(asking).rejects.toThrow('enough')
})

it('a wait for heads that is interrupted ends with the reason, and reports nobody as absent', async () => {
  const privateKey = await newKey()
  const [host, silent] = await Promise.all([startHost('memory', privateKey), startHost()])
  const members = [host, silent].map(({ peerId }, at) => ({ name: `peer-${at}`, peerId, addresses: [] }))
  const ids = members.map(({ peerId }) => peerId.toString())
  const lockstep = createLockstep(ids)
  for (const id of ids) lockstep.end(id, -1)
  const road = roadOf(host, privateKey, silent.peerId.toString(), lockstep)
  await road.start()
  onTestFinished(() => road.stop())
  road.begin({ federation: { at: () => expect.unreachable() }, open: undefined })
  const reason = new Error('enough')
  const control = new AbortController()
  const where = { members, self: 0 } as never
  const running = road.road.publish(0, new Float32Array(smallLayout.size), where, control.signal)
  await until(() => road.latest() !== undefined)
  control.abort(reason)
  await expect(running).rejects.toBe(reason)
})
