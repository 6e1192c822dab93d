import { HearsayError } from '../errors.js'
import { vectorsNeeded } from '../merge/index.js'
import { drawnIn, type ExchangeSpec, endsMerged, type Topology } from '../topology/index.js'
import { presetNames } from './averaging/presets.js'
import type { ManifestFacts, Method, Problem } from './method.js'

/** An exchange in every round with all neighbours, and nothing at the end: what every method goes with. */
export function isPlain(exchange: ExchangeSpec): boolean {
  return staysAlike(exchange) && exchange.rounds === 1
}

/** What a schedule of exchanges does not go with, and why. */
export function exchangeProblems({ name, road }: Method, facts: ManifestFacts): Problem[] {
  const { exchange, mode, believe, reputation, isMasked, isOfContribution, remembers = false } = facts
  if (isPlain(exchange)) return []
  if (exchange.when === 'sampled') return sampledProblems(name, facts)
  const problems: Problem[] = []
  const refuse = (field: string, message: string): void => {
    problems.push({ path: ['exchange', field], message })
  }
  if (road !== 'neighbours') {
    refuse('when', `does not go with merge: ${name}, whose peers hear all others in every round; remove exchange`)
    return problems
  }
  if (isOfContribution) {
    refuse('when', 'does not go with privacy.of: contribution, which adds noise in every round; remove exchange')
  }
  if (remembers && !staysAlike(exchange)) {
    refuse(
      'when',
      'does not go with encoding.memory, whose copies are of neighbours that stay: of the schedules only every: k does (exchange: { rounds })',
    )
  }
  if (exchange.when === 'adaptive') problems.push(...adaptiveProblems({ mode, believe, isMasked }))
  const { partners } = drawnIn(exchange)
  if (partners !== undefined) {
    if (mode === 'async')
      refuse('partners', 'does not go with mode: async, where a drawn head may be of any age; use sync')
    if (isMasked) refuse('partners', 'does not go with masks, which need the heads of several neighbours; remove it')
    const least = believe === undefined ? 1 : vectorsNeeded(believe)
    if (least > 1 + Math.floor(partners)) {
      refuse(
        'partners',
        `does not go with believe: ${believe!.rule}, which needs ${least - 1} neighbours in each exchange; draw as many`,
      )
    }
  }
  if (endsMerged(exchange)) {
    // `once` is a final merge and nothing else.
    const field = exchange.when === 'once' ? 'when' : 'final'
    if (mode === 'async') refuse(field, 'does not go with mode: async, where nobody waits for the others; use sync')
    if (isMasked) refuse(field, 'does not go with masks: heads would be handed over one by one; remove it')
    if (believe !== undefined) {
      refuse(field, 'does not go with believe: it is a plain mean, in which one liar moves all; remove one of the two')
    }
    if (reputation === 'mute') {
      refuse(field, 'does not go with reputation: mute: it hears all, the muted too; use show')
    }
  }
  return problems
}

/** Has every exchange the same graph? */
function staysAlike(exchange: ExchangeSpec): exchange is Extract<ExchangeSpec, { when: 'every' }> {
  return exchange.when === 'every' && exchange.partners === undefined && !exchange.final
}

/** Where nothing new is no head: every neighbour may have nothing. */
function adaptiveProblems({
  mode,
  believe,
  isMasked,
}: Pick<ManifestFacts, 'mode' | 'believe' | 'isMasked'>): Problem[] {
  const refuse = (message: string): Problem => ({
    path: ['exchange', 'when'],
    message: `adaptive does not go with ${message}`,
  })
  return [
    ...(mode === 'async'
      ? [refuse('mode: async, where nobody waits to hear that there is nothing new; use sync')]
      : []),
    ...(isMasked ? [refuse('masks, which need the heads of several neighbours; use every')] : []),
    ...(believe !== undefined && vectorsNeeded(believe) > 1
      ? [refuse(`believe: ${believe.rule}, which needs several heads in each exchange; use believe: clip, or every`)]
      : []),
  ]
}

/**
 * @throws {@link HearsayError} `MANIFEST` for graphs on which a peer that has nothing new leaves the mean to drift, or has
 *   neighbours that have never heard it
 */
export function checkAdaptive({ directed, period, name }: Topology): void {
  const refuse = (why: string): never => {
    throw new HearsayError('MANIFEST', `exchange: adaptive ${why}`)
  }
  if (directed) {
    refuse(
      `needs edges that go both ways, since either end’s news is both ends’ exchange, and those of topology ${name} go one way; use a ring, or every`,
    )
  }
  if (period > 1) {
    refuse(
      `goes by what neighbours heard last, and those of topology ${name} change from round to round; use a graph that stays, as a ring, or every`,
    )
  }
}

/** What sampled participants do not go with, and why (docs/sampling.md). */
function sampledProblems(
  name: string,
  { training, mode, believe, reputation, isMasked, isPrivate, remembers = false }: ManifestFacts,
): Problem[] {
  const refusals: readonly (readonly [boolean, string])[] = [
    [
      !presetNames.some(preset => preset === name),
      `merge: ${name}, whose peers have more than a model to keep in step, or no model in common; use dfedavg or dfedsam`,
    ],
    [mode === 'async', 'mode: async, where nobody waits for a round; use sync'],
    [training.pace !== undefined, 'training.pace, which goes by neighbours that are waited for; use training.steps'],
    [believe !== undefined, 'believe: an aggregator takes the plain mean of its participants; remove it'],
    [reputation !== undefined, 'reputation, which needs neighbours that are heard often; remove it'],
    [isMasked, 'masks, whose sums are of neighbours that all know beforehand; remove one of the two'],
    [isPrivate, 'privacy, whose budget is counted of peers that train in every round; remove one of the two'],
    [remembers, 'encoding.memory, whose copies grow stale at peers that wait; remove memory'],
  ]
  return refusals.flatMap(([is, why]) =>
    is ? [{ path: ['exchange', 'when'], message: `sampled does not go with ${why}` }] : [],
  )
}
