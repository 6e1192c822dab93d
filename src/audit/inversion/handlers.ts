import type { Standardisation } from '../../data/index.js'
import { forwardBatch, handler, type JobContext, type JobHandler, tf, upload } from '../../learner/device.js'
import { featuresOf, matchGradient } from './jobs.js'
import { matchOf } from './match.js'

/** How far inputs that have no bounds of their own are looked for, in standard deviations. */
const farthest = 3

/** An audit's jobs as a learner's worker does them. */
export const auditHandlers: readonly JobHandler[] = [
  handler(matchGradient, async ({ models, data, aborted, targets }, ask) => {
    const [batch] = data as [JobContext['data'][number]]
    const { model: place, parameters, gradient, iterations, seed } = ask
    const model = models[place]!
    return matchOf(
      {
        ...{ model, parameters, gradient, iterations, seed },
        targets: targets(place, batch),
        size: batch.size,
        inputShape: model.layers[0]!.batchInputShape!.slice(1) as number[],
        bounds: boundsOf(batch.standardisation, batch.inputs instanceof Uint8Array),
      },
      aborted,
    )
  }),
  handler(featuresOf, async ({ models, data, aborted, source }, ask) => {
    const [samples] = data as [JobContext['data'][number]]
    const { model: place, parameters } = ask
    const model = models[place]!
    upload(model, parameters)
    const { features, featureShape } = model.cut()
    const width = featureShape.reduce((product, length) => product * length, 1)
    const values = new Float32Array(samples.size * width)
    const batch = forwardBatch(model)
    for (let start = 0; start < samples.size; start += batch) {
      if (aborted()) return undefined
      const count = Math.min(batch, samples.size - start)
      const rows = tf.tidy(() => features(source(place, samples).slice(start, count), false))
      values.set(await rows.data(), start * width)
      rows.dispose()
    }
    return values
  }),
]

/** Of pixels black and white, as the model sees them. */
function boundsOf({ mean, std }: Standardisation, isPixels: boolean): [Float32Array, Float32Array] {
  const at = (value: number): Float32Array => mean.map((middle, k) => (value - middle) / std[k]!)
  return isPixels ? [at(0), at(1)] : [mean.map(() => -farthest), mean.map(() => farthest)]
}
