import { type DataSpec, measureOf } from '../data/index.js'
import type { Problem } from '../methods/index.js'

/**
 * Ways in which the data of a run with `privacy` would move what peers hand over without noise: one record moves a mean
 * and a deviation, and with them the gradients of all others (ALGORITHMS-2.md 3.1).
 *
 * @param isOfContribution - what training moves is noised as a whole: what a peer standardises by itself may depend on all
 *   of its records
 */
export function unnoisedData(data: DataSpec, isOfContribution: boolean): Problem[] {
  // Images to restore are standardised as the inputs are.
  if (measureOf(data) === 'r2') {
    const message = "does not go with numbers to learn, whose mean and spread come from all peers' records; remove it"
    return [{ path: ['privacy'], message }]
  }
  const { standardise } = data
  if (standardise === 'own' && isOfContribution) return []
  if (standardise !== undefined && standardise !== 'own' && standardise !== 'agreed') return []
  const rule = standardise === undefined ? 'left out, it' : standardise
  const message = `${rule} takes mean and deviation from the records, without noise; with privacy write { mean, std } that are known without them, the name of a set, or none`
  return [{ path: ['data', 'standardise'], message }]
}
