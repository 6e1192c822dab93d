import type { EncodingSection } from '../codec/index.js'
import { HearsayError } from '../errors.js'
import { ruleOf, vectorsNeeded } from '../merge/index.js'
import { graphsOf, type Topology } from '../topology/index.js'
import { contributionProblems } from './contribution.js'
import { checkAdaptive, exchangeProblems } from './exchange.js'
import { maskProblems } from './masks.js'
import { leastSenders } from './masks-section.js'
import { checkRemembered, memoryProblems } from './memory.js'
import type { ManifestFacts, MethodSection, Problem, RunAxes } from './method.js'
import { paceProblems } from './pace.js'
import { methodNamed, methodNames, methodOf } from './registry.js'

/** The axes of a manifest that a method may have needs of, as written. */
export interface Axes extends ManifestFacts {
  readonly merge: MethodSection
  readonly share?: string | undefined
  readonly models?: readonly unknown[] | undefined
  readonly staleness?: object | undefined
  readonly encoding?: EncodingSection | undefined
}

/** Which combinations of axes make no sense, and why. */
export function axisProblems({ merge, share, models, staleness, encoding, ...facts }: Axes): Problem[] {
  const method = methodOf(merge)
  const { needs, name } = method
  const problems: Problem[] = []
  const refuse = (field: string, message: string): void => {
    problems.push({ path: [field], message })
  }
  if (method.road === 'log' && encoding !== undefined && encoding.codec !== 'f32') {
    refuse(
      'encoding',
      `${encoding.codec} does not go with merge: ${name}, whose numbers travel as a byte each; remove it`,
    )
  }
  if (encoding?.slim === true && method.road !== 'neighbours') {
    refuse('encoding', `slim does not go with merge: ${name}, which hands no heads to neighbours; remove it`)
  }
  if (facts.mode === 'sync' && staleness !== undefined) refuse('staleness', 'goes with mode: async; remove it')
  else if (needs.models === 'own' && staleness !== undefined) {
    refuse('staleness', `does not go with merge: ${name}, which averages no heads, old or new; remove it`)
  } else if (staleness !== undefined && !countsByAge({ merge, ...facts })) {
    const why = `${facts.believe!.rule}, which gives weights of its own, by no age`
    refuse('staleness', `does not go with believe: ${why}; remove it, or use believe: clip`)
  }
  if (facts.believe !== undefined && needs.models === 'own') {
    const message = `does not go with merge: ${name}, which averages no heads, and bounds each expert by limits.headDistance`
    refuse('believe', `${message}; remove it`)
  }
  if (facts.isPrivate && facts.believe?.rule === 'ubar') {
    refuse(
      'believe',
      'ubar does not go with privacy: whom it believes shows losses on own records, without noise; use clip',
    )
  }
  if (facts.reputation !== undefined && needs.models === 'own') {
    refuse(
      'reputation',
      `does not go with merge: ${name}, which averages no heads and weighs each by its gate; remove it`,
    )
  }
  if (facts.isPrivate && facts.reputation === 'mute') {
    refuse(
      'reputation',
      'mute does not go with privacy: whom it mutes shows losses on own records, without noise; use show',
    )
  }
  if (needs.share !== undefined && share !== undefined && share !== needs.share) {
    const remedy = 'remove it, and let the head begin with an earlier layer (model.head) to share more'
    refuse('share', `${share} does not go with merge: ${name}, which shares heads; ${remedy}`)
  }
  if (models !== undefined && needs.models !== 'own') {
    const having = methodNames().filter(other => methodNamed(other).needs.models === 'own')
    refuse('models', `only go with merge: ${having.join(', ')}; what is merged must be alike`)
  }
  if (needs.mode !== undefined && facts.mode !== needs.mode) {
    refuse('mode', `${facts.mode} does not go with merge: ${name}; use ${needs.mode}`)
  }
  problems.push(...exchangeProblems(method, facts), ...paceProblems(method, merge, facts))
  if (facts.isOfContribution) problems.push(...contributionProblems(method, { ...facts, encoding }))
  if (facts.isMasked) problems.push(...maskProblems(method, { ...facts, encoding }))
  if (encoding !== undefined) problems.push(...memoryProblems(method, encoding, facts))
  return [...problems, ...(method.check?.(merge, facts) ?? [])]
}

/** May a head count less by its age? Where nothing is averaged, or a rule gives weights of its own, it cannot. */
export function countsByAge({ merge, believe }: RunAxes): boolean {
  if (methodOf(merge).needs.models === 'own') return false
  return believe === undefined || ruleOf(believe).keepsWeights === true
}

/**
 * @param topologyOf - called where the method requires something of the graph: in the field the number of peers is open,
 *   and not every topology can be built for any number
 * @param crowdOf - the graph that shows how many neighbours peers will have; undefined where nothing does before they
 *   are there. @default `topologyOf`
 * @throws {@link HearsayError} `MANIFEST` for a graph that the run's method, rule, masks or memory cannot work on
 */
export function checkTopology(
  { merge, believe, masks, encoding, exchange }: RunAxes,
  topologyOf: () => Topology,
  crowdOf: () => Topology | undefined = topologyOf,
): void {
  methodOf(merge).checkTopology?.(merge, topologyOf)
  if (masks !== undefined) checkSenders(leastSenders(masks), crowdOf())
  const needed = believe === undefined ? 1 : vectorsNeeded(believe)
  const remembered = encoding?.memory === undefined ? undefined : encoding
  const isAdaptive = exchange?.when === 'adaptive'
  const crowd = needed > 1 || remembered || isAdaptive ? crowdOf() : undefined
  if (crowd === undefined) return
  if (isAdaptive) checkAdaptive(crowd)
  if (remembered) checkRemembered(remembered, crowd)
  if (needed === 1) return
  const { peer, neighbours } = loneliest(crowd)
  if (neighbours + 1 >= needed) return
  const { rule, tolerate } = believe!
  const against = tolerate === undefined ? '' : ` against ${tolerate} that may lie (tolerate)`
  const fewer = tolerate === undefined ? '' : ', a smaller tolerate'
  throw new HearsayError(
    'MANIFEST',
    `believe: ${rule} needs ${needed - 1} neighbours at every peer${against}; on topology ${crowd.name} peer ${peer} hears ${neighbours}: use a topology with more neighbours${fewer}, or believe: clip, which goes with any`,
  )
}

/** A sum of fewer heads would be a head, or a head and a colluder's. */
function checkSenders(least: number, crowd: Topology | undefined): void {
  if (crowd === undefined) return
  const { peer, neighbours } = loneliest(crowd)
  if (neighbours >= least) return
  const pairs = neighbours === 2 ? ', or allow sums of two heads (masks: { allowPairs: true })' : ''
  throw new HearsayError(
    'MANIFEST',
    `masks: every peer must hear ${least} others, so that no sum is a head; on topology ${crowd.name} peer ${peer} hears ${neighbours}: use a topology with more neighbours, such as random-regular${pairs}`,
  )
}

/**
 * @param minPeers - with how many peers a run in the field begins
 * @param first - their graph, or in a fixed federation that of all members
 * @throws {@link HearsayError} `MANIFEST` where no peer could have a sum: none would wait for any, and each train alone
 */
export function checkFirstSums({ masks }: RunAxes, minPeers: number, first: () => Topology): void {
  if (masks === undefined) return
  const least = leastSenders(masks)
  const hears = minPeers > least ? Math.max(...hearing(first()).map(({ neighbours }) => neighbours)) : minPeers - 1
  if (hears >= least) return
  const most = `of ${minPeers} that the run begins with each hears ${hears} at most`
  throw new HearsayError(
    'MANIFEST',
    `minPeers: with masks a peer must hear ${least} others, and ${most}; set minPeers to ${Math.max(minPeers, least) + 1} or more`,
  )
}

/** The peer that hears the fewest others in any round. */
function loneliest(topology: Topology): Hearing {
  return hearing(topology).reduce((least, one) => (one.neighbours < least.neighbours ? one : least))
}

interface Hearing {
  readonly peer: number
  readonly neighbours: number
}

/** How many others each peer hears, in each round that is not like one before it. */
function hearing(topology: Topology): Hearing[] {
  return graphsOf(topology).flatMap(graph =>
    Array.from({ length: topology.peers }, (_, peer) => ({ peer, neighbours: graph.receivesFrom(peer).length })),
  )
}
