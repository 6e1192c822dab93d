import type { ModelSpec } from '../spec.js'
import { checkTopology } from './allowed.js'
import { builtInTopology } from './built-in.js'
import { readModelFile } from './model-file.js'
import type { ModelTopology } from './model-topology.js'

/**
 * The topology of a user's model as its file has it, unchecked; undefined for a built-in one, which needs none.
 *
 * @throws {@link HearsayError} `MODEL` when the file cannot be read
 */
export async function readTopology(spec: ModelSpec): Promise<unknown> {
  return spec.kind === 'file' ? (await readModelFile(spec.path)).topology : undefined
}

/**
 * A model as layers that TensorFlow.js can build: without a softmax at its end, as it is trained. No device is needed.
 *
 * @param topology - of a user's model: see {@link readTopology}. Left as it is
 * @throws {@link HearsayError} `MODEL` when it is not allowed
 */
export function modelTopology(
  spec: ModelSpec,
  inputShape: readonly number[],
  outputShape: readonly number[],
  topology: unknown,
): ModelTopology {
  if (spec.kind === 'file') return checkTopology(structuredClone(topology), spec.path, true)
  return structuredClone(builtInTopology(spec, inputShape, outputShape)) as ModelTopology
}
