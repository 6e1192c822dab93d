import type { Disbelief, RefusedHead } from '../methods/index.js'

type Refusal = Pick<RefusedHead, 'name' | 'reason' | 'times'>

/** What was wrong with a head, and the limit that it exceeded. */
const reasons: Readonly<Record<Disbelief, (times: string) => string>> = {
  TOO_FAR: times => `its head lies ${times} as far from the own one as is believed (limits.headDistance)`,
  TOO_LONG: times => `what it sent is ${times} as long as is believed (limits.headDistance)`,
  LOSS_TOO_HIGH: times => `with its head the loss on own samples is ${times} what is believed (limits.lossIncrease)`,
  DIVERGED: () => 'training diverged with the received heads; the model from before the merge is kept',
}

/** One head that was left out, in words. */
export function refusalText({ name, reason, times = Number.POSITIVE_INFINITY }: Refusal): string {
  return `${name} refused: ${reasons[reason](timesText(times))}`
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
