import * as z from 'zod'
import { HearsayError, whose } from '../../errors.js'
import { ReasonCounts } from '../../reason-counts.js'
import { headOf } from '../../tensors/index.js'
import { copyInSlices } from '../../turns.js'
import { validate } from '../../validation.js'
import { probeOf } from '../averaging/believing.js'
import { bytesOfKept, keptBytes } from '../kept.js'
import type { SampleRoad } from '../roads.js'
import type { Disbelief, MethodEvent, Session, SessionContext, Turn } from '../session.js'

const isOrNot = z.union([z.literal(0), z.literal(1)])

/** The round that the peer comes to next, whether it trains in it, and whether its model is one that it has not tested. */
const numbersSchema = z.strictObject({
  next: z.tuple([z.int().min(0)]),
  sampled: z.tuple([isOrNot]),
  untested: z.tuple([isOrNot]),
})

/**
 * A peer that trains when it is sampled, and holds the last aggregate that it has had (arXiv 2302.13837; ALGORITHMS-2.md
 * 8). It takes an aggregate in place of its model, not beside it: only one that breaks it is refused.
 */
export function createSampledSession(context: SessionContext, road: SampleRoad): Session {
  const { name, learner, parameters, localPlan, test, limits, uninformed } = context
  const head = headOf(parameters, context.head)
  const refused = new ReasonCounts<Disbelief>()
  const probe = probeOf(context.data.samples)
  const own = new Float32Array(head.length)
  let place = { next: 0, isSampled: false }
  let isUntested = false
  let trainedIn = -1

  const loss = async (signal: AbortSignal): Promise<number> =>
    (await learner.evaluate(parameters, probe, { signal })).loss

  /** @returns whether the model is now this aggregate */
  async function take(aggregate: Float32Array, signal: AbortSignal): Promise<boolean> {
    await copyInSlices(own, head)
    await copyInSlices(head, aggregate)
    const lost = await loss(signal)
    // NaN is refused too.
    if (lost <= limits.lossIncrease * uninformed) return true
    refused.add('LOSS_TOO_HIGH')
    await copyInSlices(head, own)
    return false
  }

  async function* exchange({ round, where }: Turn, signal: AbortSignal): AsyncGenerator<MethodEvent, void, undefined> {
    const passed = await road.pass(round, { head, isTrained: trainedIn === round }, where, signal)
    if (passed.aggregated !== undefined) yield { type: 'aggregated', ...passed.aggregated }
    const isTaken = passed.aggregate === undefined || (await take(passed.aggregate, signal))
    isUntested ||= passed.aggregate !== undefined && isTaken
    place = { next: passed.next, isSampled: passed.isSampled && isTaken }
  }

  return {
    async train(round, signal) {
      const isSampled = place.next === round ? place.isSampled || road.begins(round) : false
      if (!isSampled) return undefined
      const training = learner.train(parameters, round, localPlan(round), { signal, part: context.head })
      const trained = await whose(name, training)
      trainedIn = round
      return trained
    },
    exchange,
    isUntested: () => isUntested,
    async evaluate(_, signal, graded) {
      isUntested = false
      const { samples: _samples, ...tested } = await learner.evaluate(parameters, test, { signal, graded })
      return tested
    },
    loss,
    kept: () => ({
      tensors: [keptBytes('view', road.kept())],
      numbers: {
        next: [place.next],
        sampled: [place.isSampled ? 1 : 0],
        untested: [isUntested ? 1 : 0],
      },
    }),
    restore({ tensors, numbers }, source) {
      const {
        next: [next],
        sampled: [sampled],
        untested: [untested],
      } = validate(numbersSchema, numbers, source, 'PARAMETERS')
      const view = bytesOfKept('view', tensors[0])
      if (view === undefined || tensors.length > 1) {
        throw new HearsayError('PARAMETERS', 'has no view of the run', { source })
      }
      road.recall(view)
      place = { next, isSampled: sampled === 1 }
      isUntested = untested === 1
    },
    refused: () => refused.toRecord(),
  }
}
