import { conv2d, conv2dFilterGradient, conv2dInputGradient } from './conv2d.js'
import { gather } from './gather.js'
import { matMul } from './matmul.js'
import { type NativeKernel, precede } from './operation.js'
import { maxPool, maxPoolGradient } from './pool.js'
import { agrees, trials } from './trial.js'
import { cast, reshape } from './unchanged.js'

/** By the kernel of TensorFlow.js that they precede. */
const byOneDnn: Readonly<Record<keyof typeof trials, NativeKernel>> = {
  Conv2D: conv2d,
  Conv2DBackpropFilter: conv2dFilterGradient,
  Conv2DBackpropInput: conv2dInputGradient,
  BatchMatMul: matMul,
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
}

let completed: readonly string[] | undefined

/**
 * Puts faster kernels before those of tfjs-node: for the CPU, after the package is loaded; on a GPU the package's own
 * are better. May be called twice. A step of the CNN of two convolutions, batch 32, one thread: 82 → 41 ms CPU time
 * (PyTorch 44); of ResNet-18 as conv2d.ts shows.
 *
 * The operations of oneDNN are not part of TensorFlow's public interface, so each is tried on a few numbers first, and
 * one that is not there or answers differently is left out: everything then works as before, only slower. They are
 * measured on x86 alone. With TF_ENABLE_ONEDNN_OPTS=0 there are none of them.
 *
 * @returns the kernels replaced
 */
export function completeNative(): readonly string[] {
  if (completed !== undefined) return completed
  precede('Reshape', reshape)
  precede('Cast', cast)
  precede('GatherV2', gather)
  const names = ['Reshape', 'Cast', 'GatherV2']
  const wanted = process.arch === 'x64' && process.env.TF_ENABLE_ONEDNN_OPTS !== '0'
  for (const name of wanted ? (Object.keys(byOneDnn) as (keyof typeof trials)[]) : []) {
    const kernel = byOneDnn[name]
    if (!agrees(name, kernel, trials[name])) continue
    precede(name, kernel)
    names.push(name)
  }
  completed = names
  return names
}
