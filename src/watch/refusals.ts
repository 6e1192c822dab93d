import type { Disbelief, RefusedHead, TooStrict } from '../methods/index.js'
import { percent, small } from './text.js'

type Refusal = Omit<RefusedHead, 'peer'>

/** What was wrong with a head, and the limit that it exceeded. */
const reasons: Readonly<Record<Disbelief, (times: string, refusal: Refusal) => string>> = {
  TOO_FAR: times => `its head lies ${times} as far from the own one as is believed (limits.headDistance)`,
  TOO_LONG: times => `what it sent is ${times} as long as is believed (limits.headDistance)`,
  LOSS_TOO_HIGH: times => `with its head the loss on own samples is ${times} what is believed (limits.lossIncrease)`,
  DIVERGED: () => 'training diverged with the received heads; the model from before the merge is kept',
  OUTVOTED: (_, { asked }) => `the rule gives its head no weight, of ${percent(asked)} (believe)`,
  TOO_FEW: (_, { needed }) => `the rule needs ${needed} vectors and fewer are here, so the own head stays (believe)`,
}

/** One head that was left out, in words. */
export function refusalText(refusal: Refusal): string {
  const { name, reason, times = Number.POSITIVE_INFINITY } = refusal
  return `${name} refused: ${reasons[reason](timesText(times), refusal)}`
}

/** That the rule may be too strict, in words. */
export function tooStrictText({ field, apart }: TooStrict): string {
  return `believe has left out more than half of the heads in three rounds on end; those of the first rounds lay at ${small(apart)} of the own norm, in the middle: a larger ${field} lets more in`
}

/** How many times its limit: "1.4 times". */
function timesText(times: number): string {
  if (!Number.isFinite(times)) return 'endlessly many times'
  return `${times < 10 ? times.toPrecision(2) : times < 1e6 ? Math.round(times) : times.toExponential(0)} times`
}

/**
 * Which refusals are news. A dishonest peer may go on for the whole run: each reason is reported once.
 *
 * @returns those of a peer's refused heads that were not among them before, by author and reason
 */
export function createRefusalNews(): (heads: readonly Refusal[], refusedBy?: string) => Refusal[] {
  const told = new Set<string>()
  return (heads, refusedBy = '') => {
    const keyOf = ({ name, reason }: Refusal): string => `${refusedBy} ${name} ${reason}`
    const news = heads.filter(head => !told.has(keyOf(head)))
    for (const head of news) told.add(keyOf(head))
    return news
  }
}
