import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { bounded, parameterLimit } from '../../../src/learner/models/bounded.js'
import { buildModel } from '../../../src/learner/models/model.js'
import { layers, tf } from '../../../src/learner/tensorflow.js'

beforeAll(() => loadWasm())

/** 20 and 12 weights, 5 and 3 offsets. */
const built = () =>
  layers.sequential({
    layers: [layers.layers.dense({ units: 5, inputShape: [4] }), layers.layers.dense({ units: 3, useBias: false })],
  })

describe('a model is built', () => {
  it('with as many parameters as may be, and not with one more', () => {
    bounded('model', built, 40).dispose()
    const before = tf.memory().numTensors
    expect(() => bounded('model.json', built, 39)).toThrow(
      'model.json: has more than 39 parameters; at most so many are trained',
    )
    expect(tf.memory().numTensors).toBe(before)
    built().dispose()
  })

  it('only where a description does not ask for more, which is refused before there is any', async () => {
    const dense = (name: string, units: number, more = {}) => ({
      class_name: 'Dense',
      config: { name, units, ...more },
    })
    const wide = [dense('a', 4, { batch_input_shape: [null, 4] }), dense('b', 2 ** 15), dense('c', 2 ** 15)]
    const topology = { class_name: 'Sequential', config: { name: 'wide', layers: wide } }
    const before = tf.memory().numBytes
    const building = buildModel({ kind: 'file', path: 'wide.json', head: 'c' } as never, [4], 2 ** 15, 1, topology)
    await expect(building).rejects.toThrow(`wide.json: has more than ${parameterLimit} parameters`)
    expect(tf.memory().numBytes).toBe(before)
  })
})
