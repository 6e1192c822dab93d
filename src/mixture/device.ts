import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { tf } from '../learner/device.js'
import type { Layout } from '../tensors/index.js'
import type { MixtureTensors } from './forward.js'
import { type HeadStack, stackHeads } from './head.js'

/** The weights that a job works on, as they lie on shared memory. */
export interface WeightVectors {
  readonly layout: Layout
  readonly values: Float32Array
  readonly transformLayout: Layout
  /** W_j of each expert that takes part, in their order; empty without transforms. */
  readonly transforms: readonly Float32Array[]
}

/** What training reads back: vectors in the same layouts. */
export type TrainedVectors = Pick<WeightVectors, 'values' | 'transforms'>

/** A job's weights and frozen heads on the device. */
export interface DeviceMixture {
  readonly variables: readonly Variable[]
  readonly tensors: MixtureTensors
  /** Undefined when there are none. */
  readonly experts: HeadStack | undefined
  readonly count: number
  download(): Promise<TrainedVectors>
  dispose(): void
}

/**
 * Puts weights and received heads on the device.
 *
 * @param heads - of the experts that take part, each in `headLayout`
 */
export function uploadMixture(
  weights: WeightVectors,
  headLayout: Layout,
  heads: readonly Float32Array[],
): DeviceMixture {
  const { layout, values, transformLayout, transforms } = weights
  const shared = layout.tensors.map(({ offset, size, shape }) =>
    variableOf(values.slice(offset, offset + size), [...shape]),
  )
  const named = (name: string): Variable | undefined => shared[layout.tensors.findIndex(place => place.name === name)]
  const [rows, columns] = (transformLayout.tensors[0]?.shape ?? [0, 0]) as [number, number]
  const beside =
    transforms.length === 0
      ? undefined
      : variableOf(sideBySide(transforms, rows, columns), [rows, transforms.length * columns])
  const experts = heads.length === 0 ? undefined : stackHeads(headLayout, heads)
  const variables = beside === undefined ? shared : [...shared, beside]
  return {
    variables,
    tensors: {
      ...given('com', named('com/kernel')),
      ...given('transforms', beside),
      ...given('query', named('query/kernel')),
      ...given('key', named('key/kernel')),
      ...given('value', named('value/kernel')),
    },
    experts,
    count: heads.length,
    async download() {
      const read = new Float32Array(layout.size)
      for (const [i, { offset }] of layout.tensors.entries()) read.set(await shared[i]!.data(), offset)
      const all = beside === undefined ? new Float32Array() : ((await beside.data()) as Float32Array)
      return { values: read, transforms: transforms.map((_, i) => taken(all, i, transforms.length, rows, columns)) }
    },
    dispose: () => tf.dispose([variables, ...(experts?.values() ?? [])]),
  }
}

/** Unnamed: TensorFlow.js refuses to have two variables of one name. */
function variableOf(values: Float32Array, shape: number[]): Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, shape, 'float32')))
}

function given<K extends string>(name: K, tensor: Tensor | undefined): { readonly [N in K]?: Tensor } {
  return (tensor === undefined ? {} : { [name]: tensor }) as { readonly [N in K]?: Tensor }
}

/** Matrices [rows, columns] as one, [rows, matrices·columns]. */
function sideBySide(matrices: readonly Float32Array[], rows: number, columns: number): Float32Array {
  const all = new Float32Array(matrices.length * rows * columns)
  for (const [i, matrix] of matrices.entries()) {
    for (let row = 0; row < rows; row++) {
      all.set(matrix.subarray(row * columns, (row + 1) * columns), (row * matrices.length + i) * columns)
    }
  }
  return all
}

function taken(all: Float32Array, place: number, count: number, rows: number, columns: number): Float32Array {
  const matrix = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    const start = (row * count + place) * columns
    matrix.set(all.subarray(start, start + columns), row * columns)
  }
  return matrix
}
