import { type Beside, besideIn, type Confusion, type Measure, type Primary } from '../data/index.js'
import type { LastTest } from '../disk/index.js'
import type { TrainReport } from '../learner/index.js'
import type { HeardPeer, TrafficBytes } from '../node/index.js'
import { besideMeasured, besideText, primaryText, untestedText } from './beside-text.js'
import { classDetails } from './class-details.js'
import { type PrivacyCost, privacyText } from './privacy-text.js'
import type { PeerSummary } from './summary.js'
import { byteCount, countOf, measured, measureNames } from './text.js'

/** The summary of one peer's run when it ends: the last figures of each kind. */
export interface FieldSummary extends Partial<Beside>, Pick<TrainReport, 'steps' | 'stepsInLoop'> {
  readonly run: string
  readonly peer: string
  readonly id: string
  readonly backend: string
  readonly rounds: number
  readonly samples: number
  readonly measure: Measure
  /** In the measure, on the test set after the last merge that was tested. What stands beside it is of the same test. */
  readonly accuracy: number | null
  /** The class with the fewest test samples, and how many of them were found. */
  readonly rarest?: { readonly class: string; readonly right: number; readonly samples: number }
  /** The rest of that test, as in a simulation's summary. */
  readonly byClass?: PeerSummary['byClass']
  readonly confusion?: Confusion
  /** Of the same test: what this peer had without the others. */
  readonly before?: { readonly accuracy: number | null } & Partial<Beside>
  /** With the manifest's section `privacy`. */
  readonly privacy?: PrivacyCost
  readonly sentBytes: number
  readonly receivedBytes: number
  /** All bytes of its host, by what they were for. */
  readonly traffic: TrafficBytes
  readonly rejected: Readonly<Record<string, number>>
  /** What this peer makes of others in the long run, by their ids, with the manifest's `reputation`. */
  readonly reputation?: Readonly<Record<string, ReputeSummary>>
  readonly interrupted: boolean
}

/** Another peer's reputation. */
export interface ReputeSummary {
  readonly name: string
  readonly gain: number
  readonly cosine: number
  readonly isMuted: boolean
}

/** What a summary has of others' reputation. */
export function reputationOf(heard: readonly HeardPeer[]): Pick<FieldSummary, 'reputation'> {
  const known = heard.flatMap(({ peer, name, repute }): [string, ReputeSummary][] => {
    if (repute === undefined) return []
    const { gain, cosine, mutedUntil } = repute
    return [[peer, { name, gain, cosine, isMuted: mutedUntil > 0 }]]
  })
  return known.length === 0 ? {} : { reputation: Object.fromEntries(known) }
}

/** How a test is to be read. */
export interface TextOptions {
  readonly measure: Measure
  /** Their names. */
  readonly classes: readonly string[]
  /** The figure that comes first. @default the measure */
  readonly primary?: Primary | undefined
}

/** "accuracy 99.7 % (alone 99.6 %), balanced 50.0 %, fraud 0 of 175": alone is what it had before the merge. */
export function testedText(tested: LastTest, { measure, classes, primary = 'accuracy' }: TextOptions): string {
  const { before } = tested
  const alone = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '' : ` (alone ${text(value)})`
  const lead = primaryText(tested, primary)
  const parts = [
    primary === 'accuracy' || lead === ''
      ? ''
      : `${lead}${alone(before?.[primary], value => besideMeasured(primary, value))}`,
    `${measureNames[measure]} ${measured(tested.accuracy, measure)}${alone(before?.accuracy, value => measured(value, measure))}`,
    besideText(tested, classes, primary),
  ]
  return parts.filter(part => part !== '').join(', ')
}

/**
 * The end of a run, in one line.
 *
 * @param tested - the last test, if there was one
 */
export function fieldResult(
  { rounds, measure, sentBytes, receivedBytes, rejected, privacy }: FieldSummary,
  tested: LastTest | undefined,
  { classes, primary }: Omit<TextOptions, 'measure'>,
): string {
  const refused = Object.entries(rejected).map(([reason, times]) => `${reason} ${times}`)
  const parts = [
    `${tested === undefined ? `${measureNames[measure]} –` : testedText(tested, { measure, classes, primary })} after ${countOf(rounds, 'round')}`,
    ...(tested?.untested === undefined ? [] : [untestedText(tested.untested.map(k => classes[k]!))!]),
    ...(privacy === undefined ? [] : [`privacy ${privacyText(privacy)}`]),
    `sent ${byteCount(sentBytes)}, received ${byteCount(receivedBytes)}`,
    ...(refused.length === 0 ? [] : [`refused ${refused.join(', ')}`]),
  ]
  return parts.join('; ')
}

/** What a summary keeps of the last test. */
export function testedFigures(
  tested: LastTest | undefined,
  classes: readonly string[],
): Pick<FieldSummary, 'accuracy' | 'rarest' | 'byClass' | 'confusion' | 'before' | keyof Beside> {
  if (tested === undefined) return { accuracy: null }
  const { accuracy, rarest, before } = tested
  return {
    accuracy,
    ...besideIn(tested),
    ...(rarest && { rarest: { ...rarest, class: classes[rarest.class]! } }),
    ...classDetails(tested, classes),
    ...(before && { before: { accuracy: before.accuracy, ...besideIn(before) } }),
  }
}
