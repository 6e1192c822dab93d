import { classFigures, countsIn, type Quality } from '../data/index.js'
import type { PeerSummary } from './summary.js'

/** What a summary has of each class, where the test had it. @param classes - their names */
export function classDetails(
  { confusion }: Pick<Quality, 'confusion'>,
  classes: readonly string[],
): Pick<PeerSummary, 'byClass' | 'confusion'> {
  if (confusion === undefined) return {}
  const byClass = classFigures(countsIn(confusion)).map((figures, k) => ({ name: classes[k]!, ...figures }))
  return { byClass, confusion }
}
