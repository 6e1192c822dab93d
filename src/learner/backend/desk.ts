import type { Tensor } from '@tensorflow/tfjs-core'
import { graphBackend } from '../graph/binding.js'
import { tf } from '../tensorflow.js'

/** 16 MB. An array for more is made anew each time, and not kept. */
const largest = 2 ** 22

/**
 * Where numbers are written on their way to the device: one array again and again, where the backend copies it at once.
 * A fresh array of some megabytes costs more than to fill it, because the system hands out its memory page by page, and
 * keeps the garbage collector busy.
 */
export class Desk {
  private kept = new Float32Array(0)

  /** A float32 tensor of numbers that `write` writes into an array, which it must not keep; nor may it call this again. */
  tensor(shape: number[], write: (values: Float32Array) => void): Tensor {
    const length = shape.reduce((product, axis) => product * axis, 1)
    const name = tf.getBackend()
    const isCopied = name === 'wasm' || name === 'tensorflow'
    const values = isCopied && length <= largest ? this.room(length) : new Float32Array(length)
    write(values)
    const tensor = tf.tensor(values, shape, 'float32')
    // Its array is read when an operation first asks for its number.
    if (name === 'tensorflow') graphBackend().getInputTensorIds([tensor])
    return tensor
  }

  /**
   * Native TensorFlow takes an array as it is where it begins at a multiple of 64 bytes, and copies any other. Arrays
   * begin at multiples of 8 at least, so that this one, a number further, is always copied.
   */
  private room(length: number): Float32Array {
    if (length >= this.kept.length) this.kept = new Float32Array(length + 1)
    return this.kept.subarray(1, length + 1)
  }
}
