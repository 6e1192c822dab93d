import { bundleShape, type HeadSection } from '../../tensors/index.js'
import type { Plan } from '../method.js'
import { createSampledSession } from './session.js'

/** A run whose participants are sampled, whichever local training its method has: what travels is the head alone. */
export function sampledPlan(head: HeadSection): Plan {
  return {
    steps: 1,
    says: bundleShape({ head: head.layout }),
    start: (context, { sample }) => createSampledSession(context, sample),
  }
}
