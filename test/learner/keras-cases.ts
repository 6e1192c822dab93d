import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/*
 * What Keras itself computes with every layer that a model may have: scripts/keras-fixtures.py.
 */

/** A layer as Keras describes it. */
export interface KerasLayer {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
}

/** A model around one layer. Without outputs it is one that Keras itself could not run. */
export interface KerasCase {
  readonly name: string
  readonly inputShape: readonly number[]
  readonly outputShape: readonly number[]
  readonly topology: { readonly config: { readonly layers: readonly KerasLayer[] } }
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly weights: readonly KerasWeight[]
  /** Absent where units are dropped at random. */
  readonly training?: {
    readonly outputs: readonly number[]
    /** Gradients of Σ cos(i)·output[i]: of the inputs, and of the weights by their names. */
    readonly inputs: readonly number[]
    readonly gradients: Readonly<Record<string, readonly number[]>>
    /** Weights that are not trained, after one forward pass. */
    readonly moved: Readonly<Record<string, readonly number[]>>
  }
}

export interface KerasWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

const file = new URL('../fixtures/learner/keras-layers.json.gz', import.meta.url)

export const kerasCases: readonly KerasCase[] = (
  JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: KerasCase[] }
).cases

/** Cases whose arguments are not followed here, and what the refusal says. */
export const refusals: readonly (readonly [cases: RegExp, says: string])[] = [
  [/dilation_rate=/, 'dilation_rate must be 1'],
  [/groups=2\) on \(4, 5, 4\)$/, 'groups must be 1'],
  [/channels_first/, 'data_format must be channels_last'],
  [/keepdims=True/, 'keepdims must be false'],
  [
    /^Activation\(activation=(gelu|mish|hard_sigmoid|exponential|log_softmax|leaky_relu)\)/,
    'activation must be one of',
  ],
  [/^ReLU\(negative_slope=/, 'negative_slope must be 0'],
  [/^ReLU\(threshold=/, 'threshold must be 0'],
  [/renorm=True/, 'renorm must be false'],
  [/rms_scaling=True/, 'rms_scaling must be false'],
]

/** What the refusal of a case says; undefined for those that must agree with Keras. */
export function refusalOf({ name, topology }: KerasCase): string | undefined {
  const isConvolution = topology.config.layers.some(({ class_name }) => class_name === 'Conv2D')
  return refusals.find(([cases, says]) => cases.test(name) && (says !== 'groups must be 1' || isConvolution))?.[1]
}
