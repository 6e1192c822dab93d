import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../../src/errors.js'
import type { Learner } from '../../../src/learner/index.js'
import { createAveragingSession } from '../../../src/methods/averaging/session.js'
import type { Kept, SessionContext } from '../../../src/methods/index.js'
import { bundleShape } from '../../../src/tensors/index.js'
import { numbered } from '../../data/samples.js'
import { never } from '../../gossip/hosts.js'
import { smallLayout } from '../../gossip/publication/publishers.js'

const own = new Float32Array(smallLayout.size).fill(2)

/** A peer whose model others have made what no training can start from, about to train for the first time. */
function taught(kept?: Kept) {
  const parameters = new Float32Array(smallLayout.size).fill(1e30)
  const learner: Pick<Learner, 'train'> = {
    async train(model) {
      if (model[0]! > 1e6)
        throw new HearsayError('DIVERGED', 'training diverged in round 4; lower training.learningRate')
      return { loss: 0.5, samples: 1, moved: 0, steps: 1, seconds: 0 } as never
    },
  }
  const context: Partial<SessionContext> = {
    name: 'late',
    limits: { headDistance: 5, headRadius: 0.5, lossIncrease: 10 },
    learner: learner as Learner,
    localPlan: () => ({ length: { steps: 1 }, batch: 1, learningRate: 1, rules: [] }),
    parameters,
    head: { start: 0, end: smallLayout.size, layout: smallLayout },
    data: { samples: numbered([0]) } as never,
    uninformed: 1,
  }
  const road = { swap: () => expect.unreachable() }
  const session = createAveragingSession({}, bundleShape({ head: smallLayout }), context as SessionContext, road)
  if (kept !== undefined) session.restore!(kept, 'checkpoint')
  return { session, parameters }
}

describe('a model that others have made and training diverges on', () => {
  it('gives way to the one before the last merge, of a run that goes on', async () => {
    const kept = { before: own, tensors: [], numbers: { usual: [1, 2], loss: [0.25] } }
    const { session, parameters } = taught(kept)
    expect(session.kept!()).toEqual(kept)
    expect(await session.train(3, never)).toMatchObject({ samples: 0, loss: 0.25 })
    expect(parameters).toEqual(own)
    expect(session.kept!()).toEqual({ tensors: [], numbers: { usual: [1, 2] } })
  })

  it('gives way to the own one, where it was taken over by who came late', async () => {
    const { session, parameters } = taught()
    session.replaced!(own.slice())
    expect(await session.train(3, never)).toMatchObject({ samples: 0 })
    expect(parameters).toEqual(own)
    expect(await session.train(4, never)).toMatchObject({ samples: 1, loss: 0.5 })
  })

  it('ends the peer where there is none to go back to', async () => {
    const { session } = taught()
    await expect(session.train(3, never)).rejects.toThrow('late: training diverged in round 4')
  })
})

describe('what is kept', () => {
  const tensor = { name: 'own:a', shape: [1], values: Float32Array.of(1) }
  it.each<[string, Kept, string]>([
    ['more is usual than is remembered', { tensors: [], numbers: { usual: Array(6).fill(1) } }, 'usual'],
    ['nothing says what is usual', { tensors: [], numbers: {} }, 'usual'],
    ['a number is not known', { tensors: [], numbers: { usual: [], more: [1] } }, 'unknown field "more"'],
    [
      'a tensor is not known',
      { tensors: [tensor], numbers: { usual: [] } },
      'has "own:a", which does not belong there',
    ],
  ])('is refused where %s', (_, kept, message) => {
    expect(() => taught(kept)).toThrow(`checkpoint: `)
    expect(() => taught(kept)).toThrow(message)
  })
})
