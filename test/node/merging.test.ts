import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import { fieldTiming } from '../../src/gossip/index.js'
import type { Learner } from '../../src/learner/index.js'
import { fixedPatience, localPlan, parseManifest } from '../../src/node/index.js'
import { createMerging } from '../../src/node/merging.js'
import { resolveMethod } from '../../src/node/method.js'
import type { Beginning } from '../../src/node/work.js'
import { numbered } from '../data/samples.js'
import { never, startHost } from '../gossip/hosts.js'
import { runId, smallLayout } from '../gossip/publication/publishers.js'

const own = new Float32Array(smallLayout.size).fill(2)

/** A peer whose model others have made what no training can start from, about to train for the first time. */
async function taught(unmerged?: Beginning['unmerged']) {
  const manifest = parseManifest({ rounds: 10, merge: 'dfedavg' })
  const merge = resolveMethod(manifest)
  if (merge.kind !== 'merge') expect.unreachable()
  const parameters = new Float32Array(smallLayout.size).fill(1e30)
  const learner: Pick<Learner, 'train'> = {
    async train(model) {
      if (model[0]! > 1e6) throw new HearsayError('RUN', 'training diverged in round 4; lower training.learningRate')
      return { loss: 0.5, samples: 1, moved: 0, steps: 1, seconds: 0 } as never
    },
  }
  const merging = createMerging(
    {
      self: 0,
      name: 'late',
      manifest,
      runId,
      merge,
      learner: learner as Learner,
      localPlan: localPlan(manifest),
      parameters,
      head: { start: 0, end: smallLayout.size, layout: smallLayout },
      test: numbered([0]),
      samples: numbered([0]),
      uninformed: 1,
      patience: fixedPatience(0),
      timing: fieldTiming,
      dialMs: 1,
    },
    await startHost(),
  )
  const federation = { at: () => expect.unreachable() }
  const rounds = merging.begin({ federation, open: undefined, tellsMembers: false, unmerged })
  return { merging, rounds, parameters }
}

describe('a model that others have made and training diverges on', () => {
  it('gives way to the one before the last merge, of a run that goes on', async () => {
    const { merging, rounds, parameters } = await taught({ head: own, loss: 0.25 })
    expect(merging.unmerged()).toEqual({ head: own, loss: 0.25 })
    expect(await rounds.train(3, never)).toMatchObject({ samples: 0, loss: 0.25 })
    expect(parameters).toEqual(own)
    expect(merging.unmerged()).toBeUndefined()
  })

  it('gives way to the own one, where it was taken over by who came late', async () => {
    const { merging, rounds, parameters } = await taught()
    merging.replaced(own.slice())
    expect(await rounds.train(3, never)).toMatchObject({ samples: 0 })
    expect(parameters).toEqual(own)
    expect(await rounds.train(4, never)).toMatchObject({ samples: 1, loss: 0.5 })
  })

  it('ends the peer where there is none to go back to', async () => {
    const { rounds } = await taught()
    await expect(rounds.train(3, never)).rejects.toThrow('late: training diverged in round 4')
  })
})
