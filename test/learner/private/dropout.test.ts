import { beforeAll, describe, expect, it } from 'vitest'
import type { DeviceModel } from '../../../src/learner/models/model.js'
import { Dropouts } from '../../../src/learner/private/dropout.js'
import { layers, tf } from '../../../src/learner/tensorflow.js'
import { secretWords, seededWords, type Words } from '../../../src/random.js'
import { presentBackends } from '../backends.js'

const backends = await presentBackends()

/** What a layer makes of ones. */
async function dropped(shape: number[], words: Words, args: object): Promise<Float32Array> {
  const layer = layers.layers.dropout(args as never)
  const dropouts = new Dropouts({ layers: [layer] as unknown as DeviceModel['layers'] }, words)
  const output = tf.tidy(() =>
    dropouts.during(() => (layer.apply(tf.ones(shape), { training: true }) as ReturnType<typeof tf.ones>).clone()),
  )
  const values = await output.data<'float32'>()
  output.dispose()
  return values
}

describe.each(backends)('dropout of private steps on $name', backend => {
  beforeAll(() => backend.select())

  it('drops as many as the layer says, and makes up for them', async () => {
    const values = await dropped([100, 200], secretWords, { rate: 0.3 })
    const gone = values.filter(value => value === 0).length / values.length
    expect(Math.abs(gone - 0.3)).toBeLessThan(0.02)
    expect(values.every(value => value === 0 || Math.abs(value - 1 / 0.7) < 1e-6)).toBe(true)
  })

  it('gives each row draws of its own, which those before it do not decide', async () => {
    // Words that count up: a row takes those behind the row before, as many however many rows there are.
    const counting = (): Words => {
      let at = 0
      return into => into.set(Array.from(into, () => Math.floor(((at++ % 7) * 2 ** 32) / 7)))
    }
    const [few, many] = [
      await dropped([3, 7], counting(), { rate: 0.5 }),
      await dropped([5, 7], counting(), { rate: 0.5 }),
    ]
    expect([...many.subarray(0, few.length)]).toEqual([...few])
  })

  it('draws for each row where the layer would share a draw among them', async () => {
    const values = await dropped([4, 6, 5], seededWords(1, 'test'), { rate: 0.5, noiseShape: [1, null, 1] })
    const rows = Array.from({ length: 4 }, (_, row) => [...values.subarray(row * 30, (row + 1) * 30)])
    expect(new Set(rows.map(row => row.join())).size).toBeGreaterThan(1)
    for (const row of rows) {
      for (let k = 0; k < 30; k++) expect(row[k]).toBe(row[k - (k % 5)])
    }
  })

  it('leaves the layer as it was', async () => {
    const layer = layers.layers.dropout({ rate: 0.5 })
    const { call } = layer
    const dropouts = new Dropouts({ layers: [layer] as unknown as DeviceModel['layers'] }, secretWords)
    expect(dropouts.any).toBe(true)
    const fail = (): never => {
      throw new Error('on purpose')
    }
    expect(() => dropouts.during(fail)).toThrow('on purpose')
    expect(layer.call).toBe(call)
    const none = layers.layers.dropout({ rate: 0 })
    expect(new Dropouts({ layers: [none] as unknown as DeviceModel['layers'] }, secretWords).any).toBe(false)
  })
})
