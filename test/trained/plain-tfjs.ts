import { serialization } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-layers'

/*
 * TensorFlow.js' own layers, as whoever loads an exported model has them. Import this first: Hearsay's layers take the
 * places of some.
 */

const { classNameMap } = serialization.SerializationMap.getMap()
const plain = new Map(Object.entries(classNameMap))

/** Runs `use` as if Hearsay were not there. */
export async function withPlainLayers<T>(use: () => Promise<T>): Promise<T> {
  const ours = { ...classNameMap }
  for (const name of Object.keys(classNameMap)) delete classNameMap[name]
  Object.assign(classNameMap, Object.fromEntries(plain))
  try {
    return await use()
  } finally {
    Object.assign(classNameMap, ours)
  }
}
