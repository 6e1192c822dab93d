import type { Measure } from '../data/index.js'
import { areShares, type FigureText, type Reported, type ReportTexts } from '../methods/index.js'
import { countOf, measured, percent, small } from './text.js'

/* What methods report, as people read it: their texts are the methods' own. */

/** One figure. */
export function figureText(value: number | null | undefined, { unit }: FigureText, measure: Measure): string {
  if (unit === 'measure') return measured(value, measure)
  if (unit === 'share') return percent(value)
  if (value === null || value === undefined) return '–'
  return unit === 'count' ? String(value) : small(value)
}

/**
 * The figures of a merge, for the line of its round: "own head 25.0 %, 3 experts".
 *
 * @param self - the peer's own id
 */
export function reportedText(
  { figures = {}, perPeer = {} }: Reported,
  { figures: texts = {}, perPeer: weightsTexts = {} }: ReportTexts,
  self: string,
  measure: Measure,
): string {
  const parts = Object.entries(texts).flatMap(([name, text]) =>
    figures[name] === undefined ? [] : [`${text.label} ${figureText(figures[name], text, measure)}`],
  )
  for (const [name, text] of Object.entries(weightsTexts)) {
    const weights = perPeer[name]
    if (weights === undefined || !areShares(text)) continue
    const { own, other } = text
    const others = Object.keys(weights).filter(peer => peer !== self && weights[peer]! > 0)
    parts.push(`${own} ${percent(weights[self])}, ${countOf(others.length, other)}`)
  }
  return parts.join(', ')
}
