import type { Inversion } from './inversion/attack.js'
import type { Separation } from './membership/roc.js'

/*
 * What an audit's figures mean, in plain words: the same on a terminal and on its page, so that nothing here knows Node.
 */

/** An AUC with its interval: "0.62 (0.58 to 0.66)". */
export function aucText({ auc, interval: [low, high] }: Separation): string {
  return `${auc.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}

/** From these on, in an AUC, an attack deserves the word. */
const [often, mostly] = [0.6, 0.75]

/** What the interval allows: where it has guessing in it and more than that, too few records are no all-clear. */
export function separationVerdict({ auc, interval: [low, high] }: Separation): string {
  if (low > 0.5) return strengthText(auc)
  return high < often ? 'no better than guessing' : `too few records to tell: from guessing to “${strengthText(high)}”`
}

function strengthText(auc: number): string {
  if (auc < often) return 'slightly better than guessing'
  return auc < mostly ? 'often tells who was there' : 'tells who was there'
}

/** The share of members that are found, as "3.1 %"; a dash where too few others are there to say it. */
export function foundText({ found }: Separation): string {
  return found === undefined ? '–' : `${(100 * found).toFixed(1)} %`
}

/** What each attack is called. */
export const attackNames = { loss: 'loss threshold', shadows: 'shadow models (LiRA)' } as const

/** What an update was of. */
export function updateText({ of, records }: Pick<Inversion, 'of' | 'records'>): string {
  if (of === 'record') return records === 1 ? 'a step of one record' : `steps of one record, ${records} times`
  return of === 'step' ? `a step of ${records} records` : `a whole round, ${records} records`
}

/** How an update was attacked. */
export const wayNames = { exact: 'quotient', search: 'search', features: 'features' } as const

/** What came out: "best 31.2 dB, median 18.0; the mean record has 14.1", or "2 of 4 told". */
export function inversionText({ likeness, taken, records }: Inversion): string {
  if (taken !== undefined) {
    return `${taken.right} of ${records} told among ${taken.candidates}, ${taken.wrong} wrongly`
  }
  const { best, median, average } = likeness!
  return `best ${decibels(best.psnr)}, median ${decibels(median.psnr)}; the mean record has ${decibels(average.psnr)}`
}

export function decibels(psnr: number): string {
  return `${psnr.toFixed(1)} dB`
}

/** So many dB above the mean record something of the record itself is in it. */
const more = 3
/** From this on an eye sees no difference. */
const same = 30
/** How much more often than by chance candidates must be right. */
const above = 1.5

export function inversionVerdict({ likeness, taken, records }: Inversion): string {
  if (taken !== undefined) {
    const chance = records / taken.candidates
    const precision = taken.right / Math.max(1, taken.right + taken.wrong)
    if (precision <= above * chance) return 'no better than guessing'
    return taken.right >= records / 2 ? 'tells which records it was of' : 'tells some of the records'
  }
  const { best, median, average } = likeness!
  if (best.psnr < average.psnr + more) return 'no more than the mean record shows'
  if (median.psnr >= same) return 'records are recovered'
  return best.psnr >= same ? 'some records are recovered' : 'traces of records'
}
