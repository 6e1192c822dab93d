import { describe, expect, it } from 'vitest'
import type { TrainOutcome, TrainPart } from '../../src/learner/messages.js'
import type { LocalPlan } from '../../src/learner/plan.js'
import { TrainingStack } from '../../src/learner/stacks.js'

const plan: LocalPlan = { length: { epochs: 1 }, batch: 8, learningRate: 0.1, rules: [] }
const part = (peer: number, changed: Partial<LocalPlan> = {}): TrainPart =>
  ({ peer, plan: { ...plan, ...changed } }) as TrainPart

/** A stack whose work notes who trains together. */
function stackOf(members: readonly number[]): { stack: TrainingStack; begun: string[] } {
  const begun: string[] = []
  const stack = new TrainingStack(members, async (parts, round) => {
    begun.push(`${round}: ${parts.map(({ peer }) => peer).join(' ')}`)
    return parts.map(
      ({ peer }): TrainOutcome => ({
        report: { loss: peer, samples: 1, steps: 1, stepsInLoop: 0, moved: 0, seconds: 0 },
      }),
    )
  })
  return { stack, begun }
}

const lossOf = (outcome: TrainOutcome): number | undefined =>
  outcome !== undefined && 'report' in outcome ? outcome.report.loss : undefined

describe('a stack', () => {
  it('begins when all have asked, in the order of their numbers whoever asked first', async () => {
    const { stack, begun } = stackOf([0, 1, 2])
    const outcomes = [stack.train(part(2), 0), stack.train(part(0), 0)]
    await Promise.resolve()
    expect(begun).toEqual([])
    outcomes.push(stack.train(part(1), 0))
    expect(begun).toEqual(['0: 0 1 2'])
    expect((await Promise.all(outcomes)).map(lossOf)).toEqual([2, 0, 1])
  })

  it('does not wait for one who has left, until that one trains again', async () => {
    const { stack, begun } = stackOf([0, 1])
    const first = stack.train(part(0), 0)
    stack.leave(1)
    await first
    expect(begun).toEqual(['0: 0'])
    await stack.train(part(0), 1)
    const again = stack.train(part(1), 5)
    expect(begun).toEqual(['0: 0', '1: 0'])
    await Promise.all([again, stack.train(part(0), 5)])
    expect(begun).toEqual(['0: 0', '1: 0', '5: 0 1'])
  })

  it('trains what is not of one kind one after another', async () => {
    const { stack, begun } = stackOf([0, 1, 2])
    await Promise.all([stack.train(part(0), 3), stack.train(part(1), 4), stack.train(part(2), 3)])
    expect(begun).toEqual(['3: 0 2', '4: 1'])
  })

  it('is of peers with one plan, whatever the vectors of its rules hold', async () => {
    const { stack, begun } = stackOf([0, 1, 2])
    const correctedBy = (value: number): Partial<LocalPlan> => ({
      rules: [{ rule: 'correction', by: new Float32Array([value]) }],
    })
    await Promise.all([
      stack.train(part(0, correctedBy(1)), 0),
      stack.train(part(1), 0),
      stack.train(part(2, correctedBy(2)), 0),
    ])
    expect(begun).toEqual(['0: 0 2', '0: 1'])
  })

  it('without members is a peer by itself', async () => {
    const { stack, begun } = stackOf([])
    await stack.train(part(7), 0)
    expect(begun).toEqual(['0: 7'])
  })

  it('refuses a peer that waits already, and tells all when the work fails', async () => {
    const stack = new TrainingStack([0, 1], async () => {
      throw new Error('the thread is gone')
    })
    const waiting = stack.train(part(0), 0)
    await expect(stack.train(part(0), 0)).rejects.toThrow('peer 0 already waits')
    const other = stack.train(part(1), 0)
    await expect(waiting).rejects.toThrow('the thread is gone')
    await expect(other).rejects.toThrow('the thread is gone')
  })
})
