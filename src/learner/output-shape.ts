import type { Objective } from '../data/objective.js'

/** The shape of what a model puts out for one sample. */
export function outputShapeOf({ kind }: Objective, inputShape: readonly number[], classes: number): readonly number[] {
  return kind === 'super-resolution' ? inputShape : [kind === 'regression' ? 1 : classes]
}
