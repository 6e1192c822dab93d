import { HearsayError } from '../errors.js'
import { allocate, areFinite, type Layout, type NamedTensor, tensorsOf } from '../tensors/index.js'
import { expertLimit } from './experts.js'
import {
  createMixtureWeights,
  type FeatureWidths,
  type MixtureWeights,
  type WeightOwner,
  type WeightSettings,
} from './weights.js'

/*
 * The mixture's weights as named tensors, for a checkpoint: the shared ones under their names, W_j as "transform/<peer>", the
 * mean gate weight of an expert as "gate/<peer>" [1]. So a peer that comes back goes on as if it had never been away.
 */

const transformPrefix = 'transform/'
const gatePrefix = 'gate/'
/** A libp2p peer id has 52 or so. */
const peerIdLimit = 128

/** Everything: views on the vectors, which hold until they are trained again. */
export function tensorsOfWeights({ layout, values, transformLayout, transforms, gate }: MixtureWeights): NamedTensor[] {
  const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  const shape = transformLayout.tensors[0]?.shape ?? []
  return [
    ...tensorsOf({ layout, values }),
    ...sorted(transforms).map(([peer, values]) => ({ name: `${transformPrefix}${peer}`, shape, values })),
    ...sorted(gate).map(([peer, weight]) => ({
      name: `${gatePrefix}${peer}`,
      shape: [1],
      values: Float32Array.of(weight),
    })),
  ]
}

/**
 * Takes what {@link tensorsOfWeights} gave, as copies. The shapes must be those that model and manifest need.
 *
 * @param source - what errors call them together
 * @throws {@link HearsayError} `PARAMETERS` when they are not that
 */
export function weightsOfTensors(
  tensors: readonly NamedTensor[],
  widths: FeatureWidths,
  settings: WeightSettings,
  owner: WeightOwner,
  source = 'mixture weights',
): MixtureWeights {
  const wrong = (what: string): HearsayError =>
    new HearsayError('PARAMETERS', `${what}; was it written for another model, or by another manifest?`, { source })
  const weights = createMixtureWeights(widths, settings, owner)
  const missing = new Set(weights.layout.tensors.map(({ name }) => name))
  const check = (shape: readonly number[], name: string, wanted: readonly number[]): void => {
    if (shape.join() !== wanted.join()) throw wrong(`"${name}" is ${shape.join('×')}, not ${wanted.join('×')}`)
  }
  for (const { name, shape, values: part } of tensors) {
    if (!areFinite(part)) throw wrong('holds numbers that are not finite')
    const peer = name.slice(name.indexOf('/') + 1)
    const expected = weights.layout.tensors.find(place => place.name === name)
    const ofTransform = weights.transformLayout.tensors[0]
    if (expected !== undefined) {
      check(shape, name, expected.shape)
      weights.values.set(part, expected.offset)
      missing.delete(name)
    } else if (peer === '' || peer.length > peerIdLimit) {
      throw wrong(`"${name.slice(0, peerIdLimit)}" names no peer`)
    } else if (name.startsWith(transformPrefix) && ofTransform !== undefined) {
      check(shape, name, ofTransform.shape)
      weights.transforms.set(peer, copyOf(weights.transformLayout, part))
    } else if (name.startsWith(gatePrefix)) {
      check(shape, name, [1])
      weights.gate.set(peer, part[0]!)
    } else throw wrong(`has "${name.slice(0, peerIdLimit)}", which does not belong there`)
  }
  if (missing.size > 0) throw wrong(`lacks "${[...missing][0]}"`)
  if (Math.max(weights.transforms.size, weights.gate.size) > expertLimit)
    throw wrong(`has more than ${expertLimit} experts`)
  return weights
}

function copyOf(layout: Layout, part: Float32Array): Float32Array {
  const copy = allocate(layout)
  copy.set(part)
  return copy
}
