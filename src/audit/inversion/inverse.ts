import { inputSize, type Samples } from '../../data/index.js'
import type { LearnerPool, PoolModel } from '../../learner/index.js'
import type { Audited } from '../audited.js'
import { joined, type Matched } from '../matched.js'
import type { Seen } from '../seen.js'
import { firstDense, inputsOfDense } from './dense.js'
import { featuresOf, matchGradient } from './jobs.js'
import { type Likeness, likenessOf } from './likeness.js'
import { placesOfNearest } from './nearest.js'
import { type Scale, scaleOf } from './records.js'

/** A record and what was made of it, both from 0 to 1. */
export interface Made extends Likeness {
  readonly original: Float32Array
  readonly made: Float32Array
}

/** What one update gave away. */
export interface Found {
  /** That were looked for. */
  readonly records: number
  /** Of inputs: for each record what is most like it. */
  readonly made: readonly Made[]
  /** Of features: the candidates that they were taken for, and whether those were in the batch. */
  readonly taken: readonly boolean[]
}

/** Turns updates round. */
export interface Inverse {
  readonly way: 'exact' | 'search' | 'features'
  readonly scale: Scale
  /** How many candidates features are compared with. */
  readonly candidates: number
  /** @param places - of the batch's records among the matched members, which are `batch` */
  look(update: Float32Array, batch: Samples, places: Uint32Array): Promise<Found>
}

export interface InverseInit {
  readonly audited: Audited
  readonly pool: LearnerPool
  readonly model: PoolModel
  readonly matched: Matched
  readonly seen: Seen
  readonly iterations: number
  readonly seed: number
  readonly signal: AbortSignal | undefined
}

/**
 * The attack that a part of a model allows: where it begins with a dense layer, what went into that; else, of a whole model,
 * a search for inputs; of any other part none is known.
 */
export async function inverseFor(init: InverseInit): Promise<Inverse | undefined> {
  const { audited, matched, seen } = init
  const scale = scaleOf(joined(matched.members.samples, matched.others.samples), audited.standardisation)
  const layer = firstDense(seen.section)
  if (layer === undefined) return seen.isWhole ? searching(init, scale) : undefined
  const isOfInputs = seen.isWhole && layer.kernel.shape[0] === inputSize(audited.model.inputShape)
  if (!isOfInputs) return comparing(init, scale)
  return {
    way: 'exact',
    scale,
    candidates: 0,
    look: async (update, batch) => {
      const inputs = inputsOfDense(update, layer).map(scale.fromStandardised)
      return { records: batch.size, made: bestOf(inputs, batch, scale, audited), taken: [] }
    },
  }
}

function searching({ audited, pool, model, iterations, seed, signal }: InverseInit, scale: Scale): Inverse {
  const { parameters, standardisation } = audited
  return {
    way: 'search',
    scale,
    candidates: 0,
    async look(gradient, batch) {
      const ask = { model: model.place, parameters, gradient, iterations, seed }
      const rows = await pool.submit(matchGradient, ask, [{ samples: batch, standardisation }], signal && { signal })
      const length = rows.length / batch.size
      const inputs = Array.from({ length: batch.size }, (_, i) =>
        scale.fromStandardised(rows.subarray(i * length, (i + 1) * length)),
      )
      return { records: batch.size, made: bestOf(inputs, batch, scale, audited), taken: [] }
    },
  }
}

/** Features are compared with those that the neighbour's own body has of candidates. */
async function comparing({ audited, pool, model, matched, seen, signal }: InverseInit, scale: Scale): Promise<Inverse> {
  const samples = joined(matched.members.samples, matched.others.samples)
  const { standardisation } = audited
  const ask = { model: model.place, parameters: seen.rest }
  const all = await pool.submit(featuresOf, ask, [{ samples, standardisation }], signal && { signal })
  const layer = firstDense(seen.section)!
  return {
    way: 'features',
    scale,
    candidates: samples.size,
    async look(update, _, places) {
      const batch = new Set(places)
      const nearest = placesOfNearest(all, samples.size, inputsOfDense(update, layer))
      return { records: places.length, made: [], taken: nearest.map(place => batch.has(place)) }
    },
  }
}

/** For each record of a batch the input that is most like it. */
function bestOf(inputs: readonly Float32Array[], batch: Samples, scale: Scale, { model }: Audited): Made[] {
  return Array.from({ length: batch.size }, (_, at) => {
    const original = scale.original(batch, at)
    const [first, ...others] = inputs as [Float32Array, ...Float32Array[]]
    const [best] = [first, ...others].reduce<[Float32Array, number]>(
      (best, made) => {
        const { psnr } = likenessOf(original, made, [original.length])
        return psnr > best[1] ? [made, psnr] : best
      },
      [first, Number.NEGATIVE_INFINITY],
    )
    return { original, made: best, ...likenessOf(original, best, model.inputShape) }
  })
}
