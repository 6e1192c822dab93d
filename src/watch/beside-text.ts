import type { Beside, Quality } from '../data/index.js'
import { shown } from '../foreign.js'
import type { BesideSpread } from '../node/index.js'
import { count, measured, percent, plain } from './text.js'

/*
 * What is reported beside the measure, where the measure alone hides failure: 99.7 % of right answers may be none of
 * 175 frauds. Classes of much the same size need no more than accuracy.
 */

/** Of one model: "balanced 50.0 %, fraud 0 of 175"; "MAE 3.1, RMSE 4.5"; nothing where there is nothing to add. */
export function besideText(quality: Quality, classes: readonly string[]): string {
  const { mae, rmse, rarest, isUnbalanced, balancedAccuracy } = quality
  if (mae !== undefined) return `MAE ${plain(mae)}, RMSE ${plain(rmse!)}`
  if (isUnbalanced !== true || rarest === undefined) return ''
  return `balanced ${percent(balancedAccuracy)}, ${nameOf(rarest.class, classes)} ${count(rarest.right)} of ${count(rarest.samples)}`
}

/** Of all peers' models, mean and lowest to highest. */
export function besideSpreadText(beside: BesideSpread, classes: readonly string[]): string {
  const { mae, rmse, balancedAccuracy, rarestRecall, rarest, isUnbalanced } = beside
  if (mae !== undefined) return `MAE ${plain(mae.mean)}, RMSE ${plain(rmse!.mean)}`
  if (isUnbalanced !== true) return ''
  const recall = `${percent(rarestRecall?.mean)} (${percent(rarestRecall?.min)} to ${percent(rarestRecall?.max)})`
  return `balanced ${percent(balancedAccuracy?.mean)}, ${rarestName(rarest, classes)} found ${recall}`
}

/** What the recall is of, as a table's head has it. */
function rarestName(rarest: { readonly class: number } | undefined, classes: readonly string[]): string {
  return rarest === undefined ? 'rarest class' : nameOf(rarest.class, classes)
}

/** Why some classes, by their names, are in no mean over classes; nothing where all have samples. */
export function untestedText(untested: readonly string[]): string | undefined {
  if (untested.length === 0) return undefined
  const names = untested.slice(0, 5).map(name => shown(name))
  const more = untested.length > 5 ? ` and ${untested.length - 5} more` : ''
  const what = untested.length === 1 ? 'has no test sample and is' : 'have no test samples and are'
  return `${names.join(', ')}${more} ${what} left out of balanced accuracy`
}

function nameOf(place: number, classes: readonly string[]): string {
  return shown(classes[place] ?? `class ${place}`)
}

/** What has a place in tables. */
export type ShownBeside = Exclude<keyof Beside, 'macroF1'>

/** One figure beside the measure. */
export function besideMeasured(name: ShownBeside, value: number | null | undefined): string {
  if (name === 'mae' || name === 'rmse') return value === null || value === undefined ? '–' : plain(value)
  return measured(value, 'accuracy')
}
