import { whose } from '../../errors.js'
import type { GateWeights, MixtureLearner, MixtureReport, MixtureSettings } from '../../mixture/index.js'
import { headOf } from '../../tensors/index.js'
import type { PublicRoad } from '../roads.js'
import type { MethodEvent, Session, SessionContext, Tested, Turn } from '../session.js'
import { createBelievedExperts } from './believed-experts.js'

/** A peer that publishes its head and uses everybody's as experts (ALGORITHMS.md 4.2). */
export function createMixtureSession(
  { schedule, warmUp }: Pick<MixtureSettings, 'schedule' | 'warmUp'>,
  mixture: MixtureLearner,
  context: SessionContext,
  road: PublicRoad,
): Session {
  const { name, learner, parameters, localPlan, test } = context
  const isJoint = schedule === 'joint'
  const believed = createBelievedExperts(context.limits.headDistance)
  const weightsOf = ({ own, experts }: GateWeights): Readonly<Record<string, number>> =>
    Object.fromEntries([[context.peerId, own], ...experts.map(({ peer, weight }) => [peer, weight])])

  async function trained(round: number, signal: AbortSignal): Promise<MixtureReport> {
    // In the joint schedule training comes before the exchange, when some of this round's heads may be here and others
    // not.
    const held = road.held(round, isJoint ? round - 1 : round)
    const all = await believed.of(held, headOf(parameters, context.head))
    return whose(
      name,
      believed.trainWith(all, some => mixture.train(round, parameters, some, { signal })),
    )
  }

  async function* exchange(
    { round, where, head }: Turn,
    signal: AbortSignal,
  ): AsyncGenerator<MethodEvent, void, undefined> {
    const startedAt = performance.now()
    const heard = await road.publish(round, head, where, signal)
    yield { type: 'exchanged', step: 0, ...heard, waitSeconds: (performance.now() - startedAt) / 1000 }
    // The joint schedule trains with these heads in the next round; those that are too long are determined now.
    if (isJoint) await believed.of(road.held(round), head)
    const report = isJoint ? undefined : await trained(round, signal)
    const heads = believed.refusals(where.members)
    if (heads.length > 0) yield { type: 'refused', step: 0, heads }
    if (report === undefined) return
    const { loss, seconds, gate } = report
    const figures = { held: road.size, gateLoss: loss, gateSeconds: seconds }
    yield { type: 'merged', figures, perPeer: { weights: weightsOf(gate) } }
  }

  return {
    train: (round, signal) =>
      isJoint ? trained(round, signal) : whose(name, learner.train(parameters, round, localPlan(round), { signal })),
    exchange,
    async evaluate(round, signal, graded): Promise<Tested> {
      // Until they are trained, the transforms do not show what the others' heads are worth.
      const others = round < warmUp ? [] : road.held(round).filter(believed.has)
      const tested = await mixture.evaluate(parameters, others, test, { signal, graded })
      const { own, mixture: mixed, bestExpert, gate } = tested
      const { loss: _loss, ...before } = own
      return {
        ...mixed,
        before,
        figures: { ownHead: own.accuracy, ...(bestExpert && { bestExpert: bestExpert.accuracy }) },
        perPeer: { weights: weightsOf(gate) },
      }
    },
    believes: peer => believed.has({ peer }),
    kept: () => ({ tensors: mixture.kept(), numbers: {} }),
    restore: ({ tensors }, source) => mixture.restore(tensors, source),
    refused: believed.counts,
  }
}
