import type { Beside, Primary, Quality } from '../data/index.js'
import { shown } from '../foreign.js'
import type { BesideSpread } from '../node/index.js'
import { count, firstOf, measured, percent, plain } from './text.js'

/** What stands beside the measure, in the order of a table's columns. */
export const besideOrder = [
  'auroc',
  'balancedAccuracy',
  'rarestRecall',
  'macroF1',
  'averagePrecision',
  'calibrationError',
  'mae',
  'rmse',
] as const satisfies readonly (keyof Beside)[]

/*
 * What is reported beside the measure, where the measure alone hides failure: 99.7 % of right answers may be none of
 * 175 frauds. Classes of much the same size need no more than accuracy. And what stands before the measure: the figure
 * that the manifest calls primary.
 */

const figureNames: Readonly<Record<keyof Beside, string>> = {
  macroF1: 'macro-F1',
  balancedAccuracy: 'balanced',
  rarestRecall: 'rarest class found',
  auroc: 'AUROC',
  averagePrecision: 'average precision',
  calibrationError: 'calibration error',
  mae: 'MAE',
  rmse: 'RMSE',
}

/** What a figure is called, in a table's head and before its value. @param rarest - the class that a recall is of */
export function figureName(name: keyof Beside, rarest?: string): string {
  return name === 'rarestRecall' && rarest !== undefined ? `${rarest} found` : figureNames[name]
}

/**
 * The figures that are shown beside the measure, of those that there are. A table has AUROC and a recall of any two
 * classes too: accuracy is that of one threshold, and of two unlike errors which one is made is the point.
 */
export function shownBeside(
  beside: { readonly [Name in keyof Beside]?: unknown },
  { isUnbalanced = false, isOfTwo = false }: { readonly isUnbalanced?: boolean; readonly isOfTwo?: boolean },
  primary: Primary,
): (keyof Beside)[] {
  const ofTwo: (keyof Beside)[] = isOfTwo ? ['auroc', 'rarestRecall'] : []
  const ofClasses: (keyof Beside)[] = isUnbalanced ? ['auroc', 'balancedAccuracy', 'rarestRecall'] : ofTwo
  const names: (keyof Beside)[] = beside.mae === undefined ? ofClasses : ['mae', 'rmse']
  return names.filter(name => beside[name] !== undefined && name !== primary)
}

/** Of one model: "balanced 50.0 %, fraud 0 of 175"; "MAE 3.1, RMSE 4.5"; nothing where there is nothing to add. */
export function besideText(quality: Quality, classes: readonly string[], primary: Primary = 'accuracy'): string {
  const { rarest } = quality
  const parts = shownBeside(quality, quality, primary).map(name =>
    name === 'rarestRecall' && rarest !== undefined
      ? `${nameOf(rarest.class, classes)} ${count(rarest.right)} of ${count(rarest.samples)}`
      : figureText(name, quality[name]),
  )
  return parts.join(', ')
}

/** Of all peers' models, mean and lowest to highest. */
export function besideSpreadText(
  beside: BesideSpread,
  classes: readonly string[],
  primary: Primary = 'accuracy',
): string {
  const { rarest } = beside
  const parts = shownBeside(beside, beside, primary).map(name => {
    if (name !== 'rarestRecall') return figureText(name, beside[name]?.mean)
    return spreadText(name, beside, rarest && nameOf(rarest.class, classes))
  })
  return parts.join(', ')
}

/** Of one model the figure that is shown first: "AUROC 0.931"; nothing where that is the measure, or is not there. */
export function primaryText(quality: Quality, primary: Primary): string {
  if (primary === 'accuracy' || quality[primary] === undefined) return ''
  return figureText(primary, quality[primary])
}

/** Of all peers' models: "AUROC 0.931 (0.902 to 0.951)". */
export function primarySpreadText(beside: BesideSpread | undefined, primary: Primary): string {
  if (primary === 'accuracy' || beside?.[primary] === undefined) return ''
  return spreadText(primary, beside)
}

function spreadText(name: keyof Beside, beside: BesideSpread, rarest?: string): string {
  const { mean, min, max } = beside[name] ?? {}
  const range = `${besideMeasured(name, min)} to ${besideMeasured(name, max)}`
  return `${figureName(name, rarest)} ${besideMeasured(name, mean)} (${range})`
}

function figureText(name: keyof Beside, value: number | undefined): string {
  return `${figureName(name)} ${besideMeasured(name, value)}`
}

/** Why some classes, by their names, are in no mean over classes; nothing where all have samples. */
export function untestedText(untested: readonly string[]): string | undefined {
  if (untested.length === 0) return undefined
  const names = firstOf(untested.map(name => shown(name)))
  const what = untested.length === 1 ? 'has no test sample and is' : 'have no test samples and are'
  return `${names} ${what} left out of balanced accuracy`
}

function nameOf(place: number, classes: readonly string[]): string {
  return shown(classes[place] ?? `class ${place}`)
}

/** Is it a share of samples, or a mean of such shares? */
export function isShare(name: keyof Beside): boolean {
  return name === 'macroF1' || name === 'balancedAccuracy' || name === 'rarestRecall'
}

/** One figure beside the measure: shares in percent, others from 0 to 1 as such numbers, errors in their units. */
export function besideMeasured(name: keyof Beside, value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (name === 'mae' || name === 'rmse') return plain(value)
  return isShare(name) ? percent(value) : measured(value, 'r2')
}
