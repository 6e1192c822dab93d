import { expect, it, onTestFinished } from 'vitest'
import { stateProtocol, untimed } from '../../src/gossip/index.js'
import type { Learner } from '../../src/learner/index.js'
import type { MixtureLearner } from '../../src/mixture/index.js'
import { fixedPatience, type Identity, type Lockstep, localTraining, parseManifest } from '../../src/node/index.js'
import { resolveMethod } from '../../src/node/method.js'
import { createMixing } from '../../src/node/mixing.js'
import { numbered } from '../data/samples.js'
import { connect, never, newKey, startHost, until } from '../gossip/hosts.js'
import { runId, smallLayout } from '../gossip/publishing.js'

it('in a simulation nobody waits for what the dead would answer', async () => {
  const privateKey = await newKey()
  const [host, silent] = await Promise.all([startHost('memory', privateKey), startHost()])
  let questions = 0
  await silent.handle(stateProtocol.id, () => {
    questions += 1
  })
  await connect(host, silent)
  const id = silent.peerId.toString()
  const manifest = parseManifest({ rounds: 10, merge: 'mixture', data: 'digits' })
  const settings = resolveMethod(manifest)
  if (settings.kind !== 'mixture') expect.unreachable()
  const mixing = createMixing(
    {
      self: 0,
      name: 'basel',
      runId,
      manifest,
      settings,
      identity: { privateKey, peerId: host.peerId } as Identity,
      learner: {} as Learner,
      mixture: {} as MixtureLearner,
      training: localTraining(manifest),
      parameters: new Float32Array(smallLayout.size),
      head: { start: 0, end: smallLayout.size, layout: smallLayout },
      test: numbered([0]),
      patience: fixedPatience(Number.POSITIVE_INFINITY),
      timing: untimed,
      // It dies in round 3.
      lockstep: { isGone: (peer: string, round: number) => peer === id && round >= 3 } as Lockstep,
    },
    host,
    { live: () => [id] } as never,
  )
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
