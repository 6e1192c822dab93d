import type { ManifestFacts, Method, Problem } from './method.js'

/** What a budget of privacy for contributions does not go with, and why (docs/privacy.md). */
export function contributionProblems({ needs, name }: Method, { mode }: Pick<ManifestFacts, 'mode'>): Problem[] {
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
  return problems
}
