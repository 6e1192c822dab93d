import type { Primary } from '../data/index.js'
import { shown } from '../foreign.js'
import { besideMeasured, figureName, shownBeside, untestedText } from '../watch/beside-text.js'
import { count, measured, measureNames } from '../watch/text.js'
import type { RunAbout } from './data.js'
import type { KeptSummary } from './summary.js'

/* How good the models are at the end, as a terminal has it: the figure that is shown first, the measure, what it may
 * hide, and what each peer alone and all data in one place come to. Nothing here knows Node. */

type Row = readonly [name: string, value: string]

type Spread = NonNullable<KeptSummary['beside']>[string]

/** One figure: over peers, or of one peer. */
interface Figure {
  readonly title: string
  readonly value: Spread | number
  readonly text: (value: number) => string
  /** What one peer in the field had without the others. */
  readonly before?: number | null | undefined
}

export function qualityOf(summary: KeptSummary, run: Pick<RunAbout, 'measure' | 'primary'>): Row[] {
  const { fairness, untested = [] } = summary
  const { measure, primary } = run
  const figures = figuresOf(summary, run)
  const ofPrimary = (value: number): string =>
    primary === 'accuracy' ? measured(value, measure) : besideMeasured(primary, value)
  const leftOut = untestedText(untested.map(name => shown(name)))
  return [
    ...figures.map((figure): Row => [figure.title, figureText(figure)]),
    ...baseline('each alone', figures, ({ localOnly }) => localOnly),
    ...baseline('all data in one place', figures, ({ centralised }) => centralised),
    ...(fairness === undefined
      ? []
      : [
          ['worst peer', `${shown(fairness.worst.name)}: ${ofPrimary(fairness.worst.value)}`] as const,
          ['10th percentile', ofPrimary(fairness.percentile10)] as const,
        ]),
    ...(fairness?.jain == null ? [] : [['Jain’s index', fairness.jain.toFixed(3)] as const]),
    ...(leftOut === undefined ? [] : [['classes', leftOut] as const]),
  ]
}

/** In the order of a terminal's columns. */
function figuresOf(summary: KeptSummary, { measure, primary }: Pick<RunAbout, 'measure' | 'primary'>): Figure[] {
  const { accuracy, rarest, isUnbalanced = false, before, perPeer = [], confusion } = summary
  const beside: { readonly [Name in Exclude<Primary, 'accuracy'>]?: Spread } = summary.beside ?? {}
  const isOfTwo = [{ confusion }, ...perPeer].some(({ confusion }) => confusion?.length === 2)
  const what = rarest ? `${shown(rarest.class)} (${count(rarest.samples)})` : undefined
  const figure = (name: Exclude<Primary, 'accuracy'>): Figure[] => {
    const value = beside[name] ?? summary[name]
    const title = figureName(name, what)
    return value === undefined ? [] : [{ title, value, text: value => besideMeasured(name, value) }]
  }
  const main: Figure[] =
    accuracy === undefined
      ? []
      : [
          {
            title: measureNames[measure],
            value: accuracy,
            text: value => measured(value, measure),
            before: before?.accuracy,
          },
        ]
  const others = shownBeside({ ...summary, ...beside }, { isUnbalanced, isOfTwo }, primary)
  return [...(primary === 'accuracy' ? [] : figure(primary)), ...main, ...others.flatMap(figure)]
}

function figureText({ value, text, before }: Figure): string {
  if (typeof value === 'number') return before == null ? text(value) : `${text(value)} (alone ${text(before)})`
  const averaged = value.ofMean == null ? '' : `; averaged model ${text(value.ofMean)}`
  return `${text(value.mean)} (${text(value.min)} to ${text(value.max)})${averaged}`
}

/** "AUROC 0.931, accuracy 86.8 %, fraud (175) found 12.0 %"; nothing where it was not run. */
function baseline(name: string, figures: readonly Figure[], of: (spread: Spread) => number | null | undefined): Row[] {
  const parts = figures.flatMap(({ title, value, text }) => {
    const found = typeof value === 'number' ? undefined : of(value)
    return found == null ? [] : [`${title} ${text(found)}`]
  })
  return parts.length === 0 ? [] : [[name, parts.join(', ')]]
}
