import { type Backend, Unavailable, whyNot } from './backend.js'
import { cpuDevice } from './device.js'
import { completeNative } from './kernels/native/index.js'
import { loadNative } from './native.js'

/**
 * Either will do: the one for GPUs has the kernels for CPUs as well. It comes first because `auto` has loaded it when it
 * gets here, and two native libraries in one process would get into each other's way.
 */
const packageNames = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

/** Native TensorFlow on the CPU. */
export const node: Backend = {
  name: 'node',
  async start({ threads }) {
    const reasons: string[] = []
    for (const packageName of packageNames) {
      try {
        const { version } = await loadNative(packageName, threads, false)
        completeNative()
        return { name: 'node', device: cpuDevice(), version, threads }
      } catch (error) {
        reasons.push(whyNot(packageName, error))
      }
    }
    throw new Unavailable(reasons.join('; '), 'hearsay backend install puts native TensorFlow there')
  },
}
