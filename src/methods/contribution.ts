import { type EncodingSection, losesLittle } from '../codec/index.js'
import type { ManifestFacts, Method, Problem } from './method.js'

/** The axes of a manifest that noise which cancels has needs of. */
export interface NoisedAxes extends Pick<ManifestFacts, 'mode'> {
  readonly encoding?: EncodingSection | undefined
}

/** What a budget of privacy for contributions does not go with, and why (docs/privacy.md). */
export function contributionProblems({ needs, name }: Method, { mode, encoding }: NoisedAxes): Problem[] {
  const problems: Problem[] = []
  // Whoever needs sums alone hands over nothing but the head.
  if (needs.sums !== true) {
    const message = `contribution does not go with merge: ${name}, of which the head is not all that is handed over, or not by neighbours; use dfedavg or dfedsam`
    problems.push({ path: ['privacy', 'of'], message })
  }
  if (mode === 'async') {
    const message = 'async does not go with privacy.of: contribution, whose noise cancels within a round; use sync'
    problems.push({ path: ['mode'], message })
  }
  if (encoding?.memory !== undefined) {
    const message =
      'does not go with privacy.of: contribution, whose noise cancels within a round, and not in what is said later; remove it, and use f32, bf16, f16 or int8'
    problems.push({ path: ['encoding', 'memory'], message })
  } else if (encoding !== undefined && !losesLittle(encoding)) {
    const message = `${encoding.codec} does not go with privacy.of: contribution, whose noise cancels only as far as it arrives; use f32, bf16, f16 or int8`
    problems.push({ path: ['encoding'], message })
  }
  return problems
}
