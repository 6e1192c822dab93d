import type { Samples } from './dataset.js'
import { degrade } from './degrade.js'
import { dataError } from './limits.js'
import type { DataSpec } from './spec.js'

/** What is learned of the samples, and so what a model puts out and how its loss counts. */
export type Objective =
  /** Which class a sample is of: {@link Samples.labels}. */
  | { readonly kind: 'classification' }
  /** A number: {@link Samples.targets}, one a sample, in units of {@link Standardisation.target}. */
  | { readonly kind: 'regression'; readonly target: string }
  /** The whole image, {@link Samples.targets}, from a copy at 1 / factor of its resolution. */
  | { readonly kind: 'super-resolution'; readonly factor: number }

/** Every measure of a model: share of right answers, 0 to 1; R² of a number; mean PSNR of restored images in dB. */
export const measures = ['accuracy', 'r2', 'psnr'] as const
/** How good a model is. */
export type Measure = (typeof measures)[number]

/** What the models of a run are measured by; more is better in each. */
export function measureOf({ target, superResolution }: Pick<DataSpec, 'target' | 'superResolution'>): Measure {
  if (superResolution !== undefined) return 'psnr'
  return target === undefined ? 'accuracy' : 'r2'
}

/** What a data set is for where it does not say: to tell classes apart. */
export const classification: Objective = { kind: 'classification' }

/**
 * The loss of an answer that knows nothing of its sample: ln of the number of classes; of standardised numbers 1, as of
 * pixels at the very most.
 */
export function uninformedLoss({ kind }: Objective, classes: number): number {
  return kind === 'classification' ? Math.log(classes) : 1
}

/**
 * Images to be restored: what they are becomes the target, what is seen of them a copy at 1 / factor of the resolution.
 *
 * @throws {@link HearsayError} when the samples are no images of pixels, or too small for the factor
 */
export function toRestore(samples: Samples, inputShape: readonly number[], factor: number): Samples {
  const { inputs: targets } = samples
  if (inputShape.length !== 3 || !(targets instanceof Uint8Array)) {
    throw dataError('data.superResolution', 'needs images of pixels; these samples are numbers')
  }
  return { ...degrade(samples, inputShape, factor), targets }
}

/**
 * The same samples as a peer sees them whose images have another resolution. Where images are to be restored they are
 * degraded from the whole ones, so that `factor` alone says how far.
 */
export function seenAt(samples: Samples, inputShape: readonly number[], factor: number, objective: Objective): Samples {
  if (objective.kind !== 'super-resolution') return degrade(samples, inputShape, factor)
  const { targets } = samples
  return { ...degrade({ ...samples, inputs: targets! }, inputShape, factor), targets: targets! }
}
