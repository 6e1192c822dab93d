import type { EncodingSection } from '../codec/index.js'
import type { ManifestFacts, Method, Problem } from './method.js'

/** The axes of a manifest that masks have needs of, beside its method's. */
export interface MaskedAxes extends Pick<ManifestFacts, 'mode' | 'believe' | 'reputation'> {
  readonly encoding?: EncodingSection | undefined
}

/** What masks do not go with, and why. */
export function maskProblems({ needs, name }: Method, { mode, believe, reputation, encoding }: MaskedAxes): Problem[] {
  const problems: Problem[] = []
  const refuse = (field: string, message: string): void => {
    problems.push({ path: [field], message: `does not go with masks, ${message}` })
  }
  if (needs.sums !== true) {
    problems.push({
      path: ['masks'],
      message: `does not go with merge: ${name}, which needs heads one by one; use dfedavg or dfedsam, or remove it`,
    })
  }
  if (mode === 'async') refuse('mode', 'where a sum is of one round; use sync')
  if (believe !== undefined) refuse('believe', 'which leave no single head to judge; remove one of the two')
  if (reputation !== undefined) refuse('reputation', 'which leave no single head to judge; remove one of the two')
  if (encoding !== undefined && (encoding.codec !== 'f32' || encoding.slim === true))
    refuse('encoding', 'whose numbers travel in fixed point; remove it')
  return problems
}
