import type { LocalPlan, RuleSpec, TrainingSpec } from '../learner/index.js'

/** What a method requires of local training. */
export interface LocalMethod {
  /** SAM radius; 0 is plain SGD. */
  readonly rho: number
  readonly momentum: number
  /** One step instead of the local epochs. */
  readonly oneStep: boolean
}

/** Local training of each round, as the section `training` and the method settle it together. */
export function localPlanOf(training: TrainingSpec, { oneStep, ...local }: LocalMethod): (round: number) => LocalPlan {
  const { pace, steps = pace?.most, epochs = 1, batch, learningRate, decay, augment, ...rest } = training
  const plan = {
    length: oneStep ? { steps: 1 } : steps === undefined ? { epochs } : { steps },
    batch,
    rules: rulesOf({ ...rest, ...local }),
    ...(augment === undefined ? {} : { augment }),
  }
  return round => ({ ...plan, learningRate: learningRate * decay ** round })
}

/**
 * The chain of rules that a run's numbers stand for. Clipping bounds the gradient alone, as it comes out of SAM and
 * before weight decay is added; a number of 0 makes no rule, so that a radius of 0 is plain SGD to the last bit (P3).
 */
export function rulesOf(numbers: {
  readonly rho: number
  readonly adaptive: boolean
  readonly clip?: number | undefined
  readonly weightDecay: number
  readonly momentum: number
}): RuleSpec[] {
  const { rho, adaptive, clip, weightDecay, momentum } = numbers
  return [
    ...(rho > 0 ? [{ rule: 'sam', rho, adaptive } as const] : []),
    ...(clip === undefined ? [] : [{ rule: 'clip', limit: clip } as const]),
    ...(weightDecay > 0 ? [{ rule: 'weightDecay', factor: weightDecay } as const] : []),
    ...(momentum > 0 ? [{ rule: 'momentum', factor: momentum } as const] : []),
  ]
}
