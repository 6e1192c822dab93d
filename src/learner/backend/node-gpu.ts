import { type Backend, Unavailable, whyNot } from './backend.js'
import { firstVisible, nvidiaDevices } from './device.js'
import { loadNative, type NativeLoaded } from './native.js'

const packageName = '@tensorflow/tfjs-node-gpu'

/** Native TensorFlow on an NVIDIA GPU. */
export const nodeGpu: Backend = {
  name: 'node-gpu',
  async start({ threads }) {
    let loaded: NativeLoaded
    try {
      loaded = await loadNative(packageName, threads, true)
    } catch (error) {
      throw new Unavailable(whyNot(packageName, error), cudaRemedy(process.platform, process.arch), { cause: error })
    }
    if (!loaded.gpu) {
      throw new Unavailable(`${packageName} sees no GPU`, cudaRemedy(process.platform, process.arch))
    }
    const device = firstVisible(await nvidiaDevices(), process.env.CUDA_VISIBLE_DEVICES)
    return { name: 'node-gpu', device, version: loaded.version, threads }
  },
}

/** What makes CUDA ready on a machine with an NVIDIA GPU, where that can be. */
export function cudaRemedy(platform: NodeJS.Platform, arch: string): string {
  return platform === 'linux' && arch === 'x64'
    ? 'where nvidia-smi shows a GPU, hearsay backend install --cuda brings TensorFlow with CUDA; --backend webgpu needs no CUDA'
    : `TensorFlow has no CUDA for ${platform} on ${arch}; --backend webgpu uses any GPU`
}
