import type { Answers } from '../data/index.js'
import { shown } from '../foreign.js'
import type { Score } from '../trained/index.js'
import { count, measured, percent, plain, untestedText, wideTable } from '../watch/index.js'

/*
 * The quality of predictions, for people: printed apart from the predictions, which may go into a file or a pipe.
 */

/** The most classes that are shown; of more, those with the lowest recall, lowest first. */
const classesShown = 20

/** Lines about a score. @param unit - of the predicted number */
export function scoreText(score: Score, answers: Answers | undefined, unit = ''): string {
  const lines = [headline(score, unit)]
  const left = answers === undefined ? '' : leftOut(answers)
  if (left !== '') lines.push(left)
  if (score.byClass !== undefined && score.samples > 0) {
    const tested = score.byClass.filter(({ samples }) => samples > 0)
    const worst = tested.toSorted((a, b) => a.right / a.samples - b.right / b.samples).slice(0, classesShown)
    const rows = tested.length > classesShown ? worst : tested
    const cells = rows.map(({ name, right, samples }) => [
      shown(name),
      count(samples),
      count(right),
      percent(right / samples),
    ])
    lines.push(wideTable(['class', 'samples', 'found', 'recall'], cells))
    if (tested.length > rows.length) lines.push(`the ${rows.length} classes of ${tested.length} that are found least`)
    const untested = untestedText(score.byClass.filter(({ samples }) => samples === 0).map(({ name }) => name))
    if (untested !== undefined) lines.push(untested)
  }
  return `${lines.join('\n')}\n`
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
