import type { HeadSection, TensorPlace } from '../../tensors/index.js'

/** A dense layer with a bias, whose update shows what went into it. */
export interface DenseLayer {
  /** [inputs, outputs]; offsets count from the first number of the section. */
  readonly kernel: TensorPlace
  readonly bias: TensorPlace
}

/** The layer that a section begins with, if it is a dense one with a bias. */
export function firstDense({ layout }: HeadSection): DenseLayer | undefined {
  const [kernel, bias] = layout.tensors
  const isDense = kernel?.shape.length === 2 && bias?.shape.length === 1 && bias.shape[0] === kernel.shape[1]
  return isDense && kernel.name.endsWith('/kernel') && bias.name.endsWith('/bias') ? { kernel, bias } : undefined
}

/** Below this share of the largest, an output's update is rounding. */
const leastShare = 1e-4

/**
 * What went into a dense layer, out of its update alone: the gradient of the weights into an output is Σ e·a over the batch's
 * records, that of its bias Σ e, so that their quotient is a mean of the inputs a, weighted by the errors e; of a single
 * record the input itself (arXiv 2003.14053, proposition 3.1). No label, no weight and no search is needed.
 *
 * @param update - of the section: any multiple of the gradient
 * @returns one for each output that moved, those that moved most first
 */
export function inputsOfDense(update: Float32Array, { kernel, bias }: DenseLayer): Float32Array[] {
  const [inputs, outputs] = kernel.shape as [number, number]
  const moved = Array.from({ length: outputs }, (_, output) => ({ output, by: update[bias.offset + output]! }))
  const most = moved.reduce((most, { by }) => Math.max(most, Math.abs(by)), 0)
  return moved
    .filter(({ by }) => Math.abs(by) > leastShare * most)
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by))
    .map(({ output, by }) =>
      Float32Array.from({ length: inputs }, (_, input) => update[kernel.offset + input * outputs + output]! / by),
    )
}
