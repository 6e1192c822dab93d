import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GraphBackend } from './binding.js'
import type { Loop } from './loop.js'
import { savedTag } from './nodes.js'

/** A loop of steps that the native library has loaded. */
export interface Program {
  readonly loop: Loop
  /** How many are best taken in one call, as far as is known: see replay.ts. */
  stepsAtOnce: number
  /**
   * Takes steps.
   *
   * @param inputs - the library's numbers of the loop's inputs, but for the count
   * @returns the loop's outputs, which the caller owns
   */
  run(count: number, inputs: readonly number[]): Tensor[]
  dispose(): void
}

/** @throws Error when the library does not take the graph */
export function load(backend: GraphBackend, loop: Loop): Program {
  const { binding } = backend
  // The library reads graphs from folders alone.
  const folder = mkdtempSync(join(tmpdir(), 'hearsay-steps-'))
  let model: number
  try {
    writeFileSync(join(folder, 'saved_model.pb'), loop.file)
    model = binding.loadSavedModel(folder, savedTag)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const [inputNames, outputNames] = [loop.inputs, loop.outputs].map(names => names.map(name => `${name}:0`).join(','))
  return {
    loop,
    stepsAtOnce: 1,
    run(count, inputs) {
      const steps = binding.createTensor([], binding.TF_INT32, Int32Array.of(count))
      try {
        const given = binding.runSavedModel(model, [steps, ...inputs], inputNames!, outputNames!)
        return given.map(one => backend.createOutputTensor(one))
      } finally {
        binding.deleteTensor(steps)
      }
    },
    dispose: () => binding.deleteSavedModel(model),
  }
}
