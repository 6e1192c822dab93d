import type { Measure } from '../data/index.js'
import type { FinalFigures, RunEvent } from '../node/index.js'
import { measured } from './text.js'

/** What a final merge has come to: "own 71.2 %, merged 80.3 %, own better at 2 peers". */
export function finalText({ own, merged, betterOwn, incomplete }: FinalFigures, measure: Measure): string {
  return [
    `own ${measured(own.mean, measure)}`,
    `merged ${measured(merged.mean, measure)}`,
    ...(betterOwn > 0 ? [`own better at ${peers(betterOwn)}`] : []),
    ...(incomplete > 0 ? [`without some at ${peers(incomplete)}`] : []),
  ].join(', ')
}

function peers(many: number): string {
  return many === 1 ? '1 peer' : `${many} peers`
}

/** What a peer's final merge has come to, in a sentence. @param nameOf - of a peer's id */
export function finalMergeText(
  { isMerged, missed, own, merged, better }: Extract<RunEvent, { type: 'final' }>,
  nameOf: (peer: string) => string,
  measure: Measure,
): string {
  const whom = missed.map(nameOf).join(', ')
  if (!isMerged)
    return `this peer keeps its own model, as no other came and was believed${whom === '' ? '' : `: without ${whom}`}`
  const of = whom === '' ? 'with all' : `without ${whom}`
  const best = better === 'own' ? 'the own one, kept beside it,' : 'the merged one'
  return `merged into one model ${of}: ${measured(merged, measure)}, its own before ${measured(own, measure)}; ${best} is better here`
}
