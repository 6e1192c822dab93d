import type { RoundRecord } from '../../src/watch/record/shape.js'
import { count, countOf } from '../../src/watch/text.js'

/** What a round's exchange was, where it was none of the usual: otherwise a graph without edges looks like a loss. */
export function aboutRound({ columns, silent, finals }: RoundRecord): string | undefined {
  const there = columns.roundSeconds.filter(seconds => seconds !== null).length
  const merged = finals.filter(({ isMerged }) => isMerged).length
  const without = finals.filter(({ isMerged, missed }) => isMerged && missed > 0).length
  const sentences = [
    ...(silent.length === 0
      ? []
      : [silent.length >= there ? 'No exchange' : `No exchange at ${countOf(silent.length, 'peer')}`]),
    ...(merged === 0
      ? []
      : [`Final merge at ${countOf(merged, 'peer')}${without === 0 ? '' : `, without some at ${count(without)}`}`]),
    ...(merged === finals.length
      ? []
      : [`No final merge at ${countOf(finals.length - merged, 'peer')}, as no head came and was believed`]),
  ]
  return sentences.length === 0 ? undefined : `${sentences.join('. ')}.`
}
