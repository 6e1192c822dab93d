import { random } from '../random.js'
import { allocate, type Layout, layoutOf, type TensorPlace } from '../tensors/index.js'
import type { MixtureSettings } from './spec.js'

/** The widths that the model decides. */
export interface FeatureWidths {
  /** d: numbers of a feature vector, or channels of a feature map. A head takes as many. */
  readonly features: number
  /** Numbers of a prediction: classes, or channels of an output map. */
  readonly outputs: number
}

/** What decides the shapes of all weights. */
export type WeightSettings = Pick<MixtureSettings, 'attention' | 'projection' | 'gate' | 'transform' | 'tokens'>

/** The peer that they belong to: decides the random ones. */
export interface WeightOwner {
  readonly seed: number
  readonly peer: number
}

/** A peer's private weights of the mixture; they never leave it. All vectors lie on shared memory. */
export interface MixtureWeights {
  /** Of `values`: "com/kernel" [d, m], "query/kernel" [d, d_a], "key/kernel" [C, d_a], "value/kernel" [C, C]; see {@link sharedLayout}. */
  readonly layout: Layout
  readonly values: Float32Array
  /** Of each W_j: [m, d]; nothing without transforms. */
  readonly transformLayout: Layout
  /** W_j by peer id. A peer that comes later gets an identity by {@link transformOf}. */
  readonly transforms: Map<string, Float32Array>
  /** Mean gate weight of each expert when it last took part; see `selectExperts`. */
  readonly gate: Map<string, number>
}

/**
 * The tensors that all experts share. Without transforms there is no W_com; with the mean as gate there are no W_q, W_k
 * and W_v: the mean of the predictions is what the ablation is about, not a projection of it. Probabilities have no W_v.
 */
export function sharedLayout({ features, outputs }: FeatureWidths, settings: WeightSettings): Layout {
  const { attention, gate, transform, tokens } = settings
  return layoutOf([
    ...(transform ? [{ name: 'com/kernel', shape: [features, projectionOf(features, settings)] }] : []),
    ...(gate === 'attention'
      ? [
          { name: 'query/kernel', shape: [features, attention] },
          { name: 'key/kernel', shape: [outputs, attention] },
          ...(tokens === 'logits' ? [{ name: 'value/kernel', shape: [outputs, outputs] }] : []),
        ]
      : []),
  ])
}

/** Of one W_j. */
export function transformLayout({ features }: FeatureWidths, settings: WeightSettings): Layout {
  if (!settings.transform) return layoutOf([])
  return layoutOf([{ name: 'kernel', shape: [projectionOf(features, settings), features] }])
}

function projectionOf(features: number, { projection }: WeightSettings): number {
  return projection ?? features
}

/**
 * The start: W_com, W_j and W_v are identities, so that a head of one's own speaks as itself from the first step on
 * (P18, P20); where they are not square, as much of the identity as fits. W_q is zero and W_k uniform with variance
 * 1/C, from the seed: the gate then begins as the mean of all predictions, and no draw decides which expert is heard; with both
 * zero neither would ever move. W_q at random (variance 1/d) did as well on digits with the defaults, and diverged in
 * round 5 without `normalise` and `clip`.
 */
export function createMixtureWeights(
  widths: FeatureWidths,
  settings: WeightSettings,
  owner: WeightOwner,
): MixtureWeights {
  const layout = sharedLayout(widths, settings)
  const values = allocate(layout)
  for (const place of layout.tensors) {
    const part = values.subarray(place.offset, place.offset + place.size)
    if (place.name === 'query/kernel') continue
    if (place.name === 'key/kernel') fillUniform(part, place, owner)
    else fillIdentity(part, place)
  }
  return {
    layout,
    values,
    transformLayout: transformLayout(widths, settings),
    transforms: new Map(),
    gate: new Map(),
  }
}

/** An expert's W_j: an identity when it is new. Undefined without transforms. */
export function transformOf({ transforms, transformLayout }: MixtureWeights, peer: string): Float32Array | undefined {
  const [place] = transformLayout.tensors
  if (place === undefined) return undefined
  const known = transforms.get(peer)
  if (known !== undefined) return known
  const values = allocate(transformLayout)
  fillIdentity(values, place)
  transforms.set(peer, values)
  return values
}

/** Forgets what belongs to experts that are not among these. */
export function keepExperts({ transforms, gate }: MixtureWeights, peers: Iterable<string>): void {
  const kept = new Set(peers)
  for (const map of [transforms, gate]) for (const peer of map.keys()) if (!kept.has(peer)) map.delete(peer)
}

function fillIdentity(into: Float32Array, { shape }: TensorPlace): void {
  const [rows, columns] = shape as [number, number]
  for (let i = 0; i < Math.min(rows, columns); i++) into[i * columns + i] = 1
}

function fillUniform(into: Float32Array, { name, shape }: TensorPlace, { seed, peer }: WeightOwner): void {
  const draw = random(seed, `mixture/${name}`, peer)
  const limit = Math.sqrt(3 / shape[0]!)
  for (let i = 0; i < into.length; i++) into[i] = (draw.uniform() * 2 - 1) * limit
}
