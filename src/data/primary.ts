import type { Grade } from './grade.js'
import { type Beside, besideNames } from './measures.js'
import type { Measure } from './objective.js'

/*
 * Which figure of a run is shown first.
 */

/** What can be shown first: the measure itself, which is called accuracy whatever is learned, or a figure beside it. */
export const primaryNames = ['accuracy', ...besideNames] as const
export type Primary = 'accuracy' | keyof Beside

const ofGrades: readonly (keyof Grade)[] = ['auroc', 'averagePrecision', 'calibrationError']
const ofNumbers: readonly Primary[] = ['mae', 'rmse']
const errors: readonly Primary[] = [...ofNumbers, 'calibrationError']

/** Which figures a run of this measure has to choose from. */
export function primariesOf(measure: Measure): Primary[] {
  if (measure === 'psnr') return ['accuracy']
  return primaryNames.filter(name => name === 'accuracy' || ofNumbers.includes(name) === (measure === 'r2'))
}

/** Does this figure need all answers of a test at once? See {@link EvaluateOptions}. */
export function isGrade(primary: Primary | undefined): boolean {
  return (ofGrades as readonly (Primary | undefined)[]).includes(primary)
}

/** Is less of it better? */
export function isError(primary: Primary): boolean {
  return errors.includes(primary)
}
