import type { Answers } from '../data/index.js'
import { shown } from '../foreign.js'
import type { Score } from '../trained/index.js'
import { besideMeasured, count, figureName, measured, percent, plain, untestedText, wideTable } from '../watch/index.js'

/*
 * The quality of predictions, for people: printed apart from the predictions, which may go into a file or a pipe.
 */

/** The most classes that are shown; of more, those with the lowest recall, lowest first. */
const classesShown = 20
/** The most classes whose confusion matrix a terminal has room for. */
const matrixShown = 12

/** Lines about a score, beside the predictions. @param unit - of the predicted number */
export function scoreText(score: Score, answers: Answers | undefined, unit = ''): string {
  const recall = (rows: readonly ClassScore[]): string =>
    wideTable(
      ['class', 'samples', 'found', 'recall'],
      rows.map(row => foundCells(row)),
    )
  return linesOf(score, answers, unit, { table: recall })
}

/** All figures of a score, where nothing else is printed. @param unit - of the predicted number */
export function evaluationText(score: Score, answers: Answers | undefined, unit = ''): string {
  const all = (rows: readonly ClassScore[]): string =>
    wideTable(
      ['class', 'samples', 'found', 'recall', 'precision', 'F1'],
      rows.map(row => [...foundCells(row), percent(row.precision), percent(row.f1)]),
    )
  const ranks = (['auroc', 'averagePrecision', 'calibrationError', 'macroF1'] as const).flatMap(name =>
    score[name] === undefined ? [] : [`${figureName(name)} ${besideMeasured(name, score[name])}`],
  )
  const matrix = matrixOf(score)
  return linesOf(score, answers, unit, { figures: ranks.join(', '), table: all, ...(matrix && { matrix }) })
}

/** All figures of a score for programs: classes by their names, as in `summary.json`. */
export function figuresJson({ rarest, untested, ...score }: Score, classes: readonly string[]): string {
  const named = {
    ...score,
    ...(rarest && { rarest: { ...rarest, class: classes[rarest.class]! } }),
    ...(untested && { untested: untested.map(k => classes[k]!) }),
  }
  return `${JSON.stringify(named, null, 2)}\n`
}

type ClassScore = NonNullable<Score['byClass']>[number]

function foundCells({ name, samples, right, recall }: ClassScore): string[] {
  return [shown(name), count(samples), count(right), percent(recall)]
}

interface Parts {
  readonly figures?: string
  readonly table: (rows: readonly ClassScore[]) => string
  readonly matrix?: string
}

function linesOf(score: Score, answers: Answers | undefined, unit: string, parts: Parts): string {
  const lines = [headline(score, unit), parts.figures ?? '', answers === undefined ? '' : leftOut(answers)]
  if (score.byClass !== undefined && score.samples > 0) {
    const tested = score.byClass.filter(({ samples }) => samples > 0)
    const worst = tested.toSorted((a, b) => a.recall! - b.recall!).slice(0, classesShown)
    const rows = tested.length > classesShown ? worst : tested
    lines.push(parts.table(rows))
    if (tested.length > rows.length) lines.push(`the ${rows.length} classes of ${tested.length} that are found least`)
    const untested = score.byClass.filter(({ samples }) => samples === 0).map(({ name }) => name)
    lines.push(untestedText(untested) ?? '', parts.matrix ?? '')
  }
  return `${lines.filter(line => line !== '').join('\n')}\n`
}

/** The confusion matrix as a table; nothing where there is none, or too large a one. */
function matrixOf({ confusion, byClass }: Score): string | undefined {
  if (confusion === undefined || byClass === undefined || byClass.length > matrixShown) return undefined
  const names = byClass.map(({ name }) => shown(name))
  const rows = confusion.map((row, k) => [names[k]!, ...row.map(count)])
  return wideTable(['is, and was answered', ...names], rows)
}

function headline({ samples, byClass, accuracy, balancedAccuracy, mae, rmse }: Score, unit: string): string {
  if (samples === 0) return 'not scored: these inputs have no answer that the model can give'
  const inUnits = (value: number): string => `${plain(value)}${unit === '' ? '' : ` ${shown(unit)}`}`
  if (byClass !== undefined) {
    return `${percent(accuracy)} of ${samples} ${samples === 1 ? 'is' : 'are'} right; balanced accuracy ${percent(balancedAccuracy)}`
  }
  if (mae !== undefined) {
    return `R² ${measured(accuracy, 'r2')} on ${samples}; MAE ${inUnits(mae)}, RMSE ${inUnits(rmse!)}`
  }
  return `PSNR ${measured(accuracy, 'psnr')} on ${samples}`
}

function leftOut({ labels, targets, known, strange }: Answers): string {
  const missing = (labels ?? targets!).length - known
  if (missing === 0) return ''
  const what = strange.slice(0, 5).map(text => `"${shown(text, 40)}"`)
  const have = missing === 1 ? 'has' : 'have'
  const why = strange.length === 0 ? `${have} no answer` : `${have} none that the model can give (${what.join(', ')})`
  return `${count(missing)} ${why} and ${missing === 1 ? 'is' : 'are'} not counted`
}
