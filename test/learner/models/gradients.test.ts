import { describe, expect, it } from 'vitest'
import { installGradients, replaceGradient } from '../../../src/learner/models/gradients.js'
import { installRectifier } from '../../../src/learner/models/rectifier.js'
import { tf } from '../../../src/learner/tensorflow.js'

describe('gradients put in place of TensorFlow.js’ own', () => {
  it.each([
    ['Selu', installGradients],
    ['AvgPool', installGradients],
    ['Relu', installRectifier],
  ] as const)('%s comes back where a package that is loaded later has put its own there', (kernelName, install) => {
    install()
    const ours = tf.getGradient(kernelName)
    // As the tfjs-core that native TensorFlow brings with it does while it loads.
    replaceGradient({ kernelName, gradFunc: () => ({}) })
    expect(tf.getGradient(kernelName)).not.toBe(ours)
    install()
    expect(tf.getGradient(kernelName)).toBe(ours)
  })
})
