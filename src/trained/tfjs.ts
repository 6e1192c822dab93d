import { createLearnerPool } from '../learner/index.js'
import type { Layout } from '../tensors/index.js'
import type { PeerDescription } from './description.js'
import { functionalConfig, type GraphLayer, inPlaceOf, type LayerGraph } from './graph.js'

/** One weight of an exported model. */
export interface ExportedWeight {
  /** "<layer>/<weight>" */
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** The peer's parameters as weights by name. */
export function weightsOf({ tensors }: Layout, values: Float32Array): ExportedWeight[] {
  return tensors.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    values: values.subarray(offset, offset + size),
  }))
}

/** A LayersModel as `tf.loadLayersModel` reads it. */
export interface LayersModelFiles {
  /** model.json */
  readonly json: string
  /** weights.bin */
  readonly weights: Uint8Array
}

/** @param producer - who made the file, with the version */
export function layersModel(graph: LayerGraph, weights: readonly ExportedWeight[], producer: string): LayersModelFiles {
  const json = {
    format: 'layers-model',
    generatedBy: producer,
    convertedBy: null,
    modelTopology: {
      class_name: 'Model',
      config: functionalConfig(graph),
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      { paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
  }
  return { json: `${JSON.stringify(json)}\n`, weights: Buffer.concat(weights.map(({ values }) => bytesOf(values))) }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/**
 * Says group normalisation, which TensorFlow.js lacks, in layers that it has: a Reshape that gives each group an axis, a
 * LayerNormalization over places and the group's channels, a Reshape back, and a BatchNormalization with mean 0 and
 * variance 1 that scales and shifts the channels. For inference only: trained on, the last would take its own statistics.
 */
export async function withoutGroupNorm(
  graph: LayerGraph,
  weights: readonly ExportedWeight[],
  description: PeerDescription,
): Promise<{ readonly graph: LayerGraph; readonly weights: readonly ExportedWeight[] }> {
  const norms = graph.layers.filter(({ class_name }) => class_name === 'GroupNormalization')
  if (norms.length === 0) return { graph, weights }
  const shapes = await shapesOf(description)
  let changed = graph
  const more: ExportedWeight[] = []
  for (const norm of norms) {
    const { layers, added } = groupNormOf(norm, shapes[norm.name]!, new Set(weights.map(({ name }) => name)))
    changed = inPlaceOf(changed, norm, layers)
    more.push(...added)
  }
  return { graph: changed, weights: [...weights, ...more] }
}

function groupNormOf(
  { name, config }: GraphLayer,
  shape: readonly number[],
  known: ReadonlySet<string>,
): { readonly layers: Parameters<typeof inPlaceOf>[2]; readonly added: ExportedWeight[] } {
  const channels = shape.at(-1)!
  const places = shape.slice(0, -1).reduce((product, length) => product * length, 1)
  const groups = config.groups === -1 ? channels : Number(config.groups ?? 32)
  const constant = (weight: string, value: number): ExportedWeight => ({
    name: `${name}/${weight}`,
    shape: [channels],
    values: new Float32Array(channels).fill(value),
  })
  const statistics = { center: true, scale: true, epsilon: 0 }
  const grouped = [places, groups, channels / groups]
  return {
    layers: [
      { class_name: 'Reshape', config: { name: `${name}.grouped`, target_shape: grouped } },
      {
        class_name: 'LayerNormalization',
        config: {
          name: `${name}.normalised`,
          axis: [1, 3],
          epsilon: config.epsilon ?? 1e-3,
          center: false,
          scale: false,
        },
      },
      { class_name: 'Reshape', config: { name: `${name}.whole`, target_shape: [...shape] } },
      { class_name: 'BatchNormalization', config: { name, axis: -1, momentum: 0.99, ...statistics } },
    ],
    added: [
      constant('gamma', 1),
      constant('beta', 0),
      constant('moving_mean', 0),
      constant('moving_variance', 1),
    ].filter(weight => !known.has(weight.name)),
  }
}

/** What the model's layers put out: known once it has been built. */
async function shapesOf({
  model,
  topology,
  inputShape,
  classes,
  objective,
}: PeerDescription): Promise<Readonly<Record<string, readonly number[]>>> {
  const models = [{ model, inputShape, ...(topology === undefined ? {} : { topology }) }]
  const pool = await createLearnerPool({
    backend: 'wasm',
    workers: 1,
    models,
    classes: classes.length,
    objective,
    seed: 0,
  })
  try {
    return pool.models[0].shapes
  } finally {
    await pool.close()
  }
}
