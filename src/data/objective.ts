/** What is learned of the samples, and so what a model puts out and how its loss counts. */
export type Objective =
  /** Which class a sample is of: `Samples.labels`. */
  | { readonly kind: 'classification' }
  /** A number: `Samples.targets`, one a sample, in units of `Standardisation.target`. */
  | { readonly kind: 'regression'; readonly target: string }
  /** The whole image, `Samples.targets`, from a copy at 1 / factor of its resolution. */
  | { readonly kind: 'super-resolution'; readonly factor: number }

/** Every measure of a model: share of right answers, 0 to 1; R² of a number; mean PSNR of restored images in dB. */
export const measures = ['accuracy', 'r2', 'psnr'] as const
/** How good a model is. */
export type Measure = (typeof measures)[number]

/** What the models of a run are measured by; more is better in each. */
export function measureOf({
  target,
  superResolution,
}: {
  readonly target?: unknown
  readonly superResolution?: unknown
}): Measure {
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
