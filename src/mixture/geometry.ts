import { HearsayError } from '../errors.js'
import type { HeadCut, HeadLayer } from '../learner/index.js'
import type { Layout } from '../tensors/index.js'
import type { FeatureWidths } from './weights.js'

/** A head and what goes into it. */
export interface HeadGeometry {
  /** Without batch: what transforms, gate and head take. */
  readonly featureShape: readonly number[]
  readonly layers: readonly HeadLayer[]
  readonly widths: FeatureWidths
  /** Predictions of one sample: 1, or the places of a map. */
  readonly places: number
}

/**
 * What a head's layers make of the features' shape.
 *
 * @param layout - has the head's tensors
 * @throws {@link HearsayError} `MODEL` where predictions are maps of another size than the features: the gate asks at
 *   each place
 */
export function geometryOf({ featureShape, head: layers }: HeadCut, layout: Layout): HeadGeometry {
  let shape = featureShape
  for (const layer of layers) {
    const places = product(shape.slice(0, -1))
    shape = shapeAfter(layer, shape, layout)
    const isMap = shape.length > 1
    if (isMap && product(shape.slice(0, -1)) !== places) {
      const flattens = layers.slice(layers.indexOf(layer)).some(({ kind }) => kind === 'flatten')
      if (flattens) continue
      throw new HearsayError(
        'MODEL',
        `layer "${layer.name}" of the head changes the size of maps, and the mixture's gate works at each place; give it strides 1 and padding same, or begin the head behind it`,
        { field: 'model' },
      )
    }
  }
  return {
    featureShape,
    layers,
    widths: { features: featureShape.at(-1)!, outputs: shape.at(-1)! },
    places: product(shape.slice(0, -1)),
  }
}

function shapeAfter(layer: HeadLayer, shape: readonly number[], layout: Layout): readonly number[] {
  if (layer.kind === 'flatten') return [product(shape)]
  if (layer.kind === 'activation') return shape
  const kernel = layout.tensors.find(({ name }) => name === layer.kernel)?.shape
  if (kernel === undefined) throw new Error(`the layout has no "${layer.kernel}"`)
  const spatial = shape.slice(0, -1)
  if (layer.kind === 'dense') return [...spatial, kernel.at(-1)!]
  const { padding, strides } = layer
  const lengths = spatial.map((length, axis) =>
    Math.ceil((padding === 'same' ? length : length - kernel[axis]! + 1) / strides[axis]!),
  )
  return [...lengths, kernel.at(-1)!]
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1)
}
