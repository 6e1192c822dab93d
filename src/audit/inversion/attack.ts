import { median } from 'd3-array'
import { takeSamples } from '../../data/index.js'
import { random } from '../../random.js'
import type { Recipe } from '../recipe.js'
import { type Found, type Inverse, type InverseInit, inverseFor } from './inverse.js'
import { type Likeness, likenessOf } from './likeness.js'
import { averageOf } from './records.js'
import { stepUpdate } from './update.js'

/** What was looked for in updates of one kind. */
export interface Inversion {
  /** `record`: a step of one record. `step`: a step of the run's batch. `round`: what the peer really hands over. */
  readonly of: 'record' | 'step' | 'round'
  /** See {@link inverseFor}: `exact` and `search` make inputs, `features` tells candidates apart. */
  readonly way: Inverse['way']
  /** How many were looked for. */
  readonly records: number
  /** How like the records what was made of them is. */
  readonly likeness?: {
    readonly best: Likeness
    readonly median: Likeness
    /** Of the mean record, for which nothing of the peer is needed. */
    readonly average: Likeness
  }
  /** The best, where records are images. */
  readonly pictures?: readonly Picture[]
  /** How many candidates were rightly and how many wrongly taken for a record of the update, of so many. */
  readonly taken?: { readonly right: number; readonly wrong: number; readonly candidates: number }
}

/** A record and what was made of it: pixels from 0 to 255 in rows. */
export interface Picture extends Likeness {
  /** [height, width, channels] */
  readonly shape: readonly number[]
  readonly original: readonly number[]
  readonly made: readonly number[]
}

export interface InversionInit extends InverseInit {
  readonly recipe: Recipe
  /** What the neighbour sees of the round: see {@link updateOf}. */
  readonly roundUpdate: Float32Array
  /** How many single records are tried. */
  readonly singles: number
  /** Called after each update. */
  readonly onUpdate: () => void
}

/** In a page, of each kind. */
const mostPictures = 4

/** How many updates are attacked. */
export function updatesOf({ singles }: Pick<InversionInit, 'singles'>): number {
  return singles + 2
}

/** Attacks updates: of single records, of a batch, of a round. None where no attack is known for what is seen. */
export async function invertUpdates(init: InversionInit): Promise<Inversion[]> {
  const { audited, matched, seen, recipe, roundUpdate, singles, seed, onUpdate, signal } = init
  const inverse = await inverseFor(init)
  if (inverse === undefined) return []
  const { samples } = matched.members
  const ofStep = async (places: Uint32Array, draw: number): Promise<Found> => {
    const batch = takeSamples(samples, places)
    const update = await stepUpdate(audited, seen, recipe, batch, seed + draw, signal)
    const found = await inverse.look(update, batch, places)
    onUpdate()
    return found
  }
  const all = Uint32Array.from({ length: samples.size }, (_, place) => place)
  const order = random(seed, 'audit/batch').shuffle(all.slice())
  // Side by side, as the search of one keeps one thread busy.
  const [batch, ...tried] = await Promise.all([
    ofStep(order.subarray(0, audited.manifest.training.batch), singles),
    ...Array.from(order.subarray(0, singles), (place, at) => ofStep(Uint32Array.of(place), at)),
  ])
  const summed = (of: Inversion['of'], found: readonly Found[]): Inversion => summedUp(init, inverse, of, found)
  const results = [summed('record', tried), summed('step', [batch])]
  // A search is for one gradient; a round is a sum of many, along which the weights moved.
  if (inverse.way !== 'search') results.push(summed('round', [await inverse.look(roundUpdate, samples, all)]))
  onUpdate()
  return results
}

function summedUp(
  { audited, matched }: InversionInit,
  { way, scale, candidates }: Inverse,
  of: Inversion['of'],
  found: readonly Found[],
): Inversion {
  const made = found.flatMap(({ made }) => made)
  const taken = found.flatMap(({ taken }) => taken)
  if (way === 'features') {
    const right = taken.filter(isRight => isRight).length
    return {
      of,
      way,
      records: found.reduce((sum, { records }) => sum + records, 0),
      taken: { right, wrong: taken.length - right, candidates },
    }
  }
  const { inputShape: shape } = audited.model
  const average = averageOf(matched.others.samples, scale)
  const [best] = made.toSorted((a, b) => b.psnr - a.psnr)
  return {
    of,
    way,
    records: made.length,
    likeness: {
      best: likenessIn(best!),
      median: medianOf(made),
      average: medianOf(made.map(({ original }) => likenessOf(original, average, shape))),
    },
    ...(shape.length === 3 && { pictures: picturesOf(made, shape) }),
  }
}

function likenessIn({ psnr, ssim }: Likeness): Likeness {
  return { psnr, ...(ssim !== undefined && { ssim }) }
}

function medianOf(all: readonly Likeness[]): Likeness {
  const ssim = median(all, each => each.ssim)
  return { psnr: median(all, each => each.psnr)!, ...(ssim !== undefined && { ssim }) }
}

function picturesOf(made: Found['made'], shape: readonly number[]): Picture[] {
  const pixels = (values: Float32Array): number[] =>
    Array.from(values, value => Math.round(255 * Math.min(1, Math.max(0, value))))
  return made
    .toSorted((a, b) => b.psnr - a.psnr)
    .slice(0, mostPictures)
    .map(({ original, made, ...likeness }) => ({ ...likeness, shape, original: pixels(original), made: pixels(made) }))
}
