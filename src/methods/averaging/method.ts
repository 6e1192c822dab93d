import { bundleShape } from '../../tensors/index.js'
import type { Method, MethodSection, RunFacts } from '../method.js'
import type { AveragingPlan } from './plan.js'
import { createAveragingSession } from './session.js'

/** A method of averaging: as any method, but for its plan. */
export interface AveragingMethod<S extends MethodSection, B extends string, K extends string>
  extends Omit<Method<S>, 'road' | 'plan'> {
  plan(section: S, facts: RunFacts): AveragingPlan<B, K>
}

/** Makes a method from what it adds to training and averaging: nine of ten papers need no more. */
export function averagingMethod<S extends MethodSection, B extends string = never, K extends string = never>({
  plan,
  ...own
}: AveragingMethod<S, B, K>): Method<S> {
  return {
    ...own,
    road: 'neighbours',
    plan(section, facts) {
      const added = { passesOn: own.needs.mean === true, ...plan(section, facts) } as AveragingPlan
      const { steps = 1, beside } = added
      const says = bundleShape({ head: facts.head.layout, ...beside })
      const keepsState = beside !== undefined || added.keeps !== undefined
      return {
        steps,
        says,
        keepsState,
        start: (context, roads) => createAveragingSession(added, says, context, roads.neighbours),
      }
    },
  }
}
