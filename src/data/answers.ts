import { canonicalText, classTexts } from './labels.js'
import type { Objective } from './objective.js'
import type { ClassSpec } from './spec.js'

/** What the answers to some samples are, as far as they are known. */
export interface Answers {
  /** Where classes are predicted: the class of each sample, −1 where it is not known. */
  readonly labels?: Int32Array
  /** Where a number is predicted: NaN where it is not known. */
  readonly targets?: Float64Array
  /** Samples whose answer is known. */
  readonly known: number
  /** What stands where a class or a number should, and is none; each once. */
  readonly strange: readonly string[]
}

/**
 * Reads answers as a file has them: names or numbers of classes, folders' names, numbers.
 *
 * @param texts - one a sample; '' where there is none
 * @param specs - the classes' names, or the data section's `classes` where labels have other texts than their classes
 * @returns undefined where no sample has an answer
 */
export function answersOf(
  texts: readonly string[],
  { kind }: Objective,
  specs: readonly ClassSpec[],
): Answers | undefined {
  if (kind === 'super-resolution' || texts.every(text => text === '')) return undefined
  const strange = new Set<string>()
  const classes = kind === 'classification' ? classTexts(specs) : undefined
  const read = (text: string): number => {
    const value = classes === undefined ? Number(text) : (classes.get(canonicalText(text)) ?? Number.NaN)
    if (text === '') return Number.NaN
    if (!Number.isFinite(value)) strange.add(text)
    return Number.isFinite(value) ? value : Number.NaN
  }
  const values = Float64Array.from(texts, read)
  return {
    ...(classes === undefined
      ? { targets: values }
      : { labels: Int32Array.from(values, k => (Number.isNaN(k) ? -1 : k)) }),
    known: values.filter(Number.isFinite).length,
    strange: [...strange],
  }
}
