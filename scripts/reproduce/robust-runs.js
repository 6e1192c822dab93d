import { createHash } from 'node:crypto'
import { createTopology } from '../../dist/index.js'
import { ruleNames, ruleSchema, vectorsNeeded } from '../../dist/merge/index.js'
import { mnistPart, taken } from './mnist-part.js'

/*
 * The matrix: every attack of ALGORITHMS.md 6.2 and ALGORITHMS-2.md 2 against every rule of whom to believe, by how many of
 * 16 peers attack and on two graphs. Small models and few rounds, so that all of it ends within the hour.
 */

const peers = 16

/** By name: the set, and what is to be known of it. */
export const sets = {
  pneumoniamnist: { title: 'PneumoniaMNIST', set: () => 'pneumoniamnist' },
  mnist: { title: `MNIST, the first ${taken.train} and ${taken.t10k} images`, set: mnistPart },
}

/** On a full graph everybody hears everybody in each round, so that fewer do. */
export const graphs = {
  regular: { title: 'random 4-regular graph', topology: { kind: 'random-regular', degree: 4 }, rounds: 5, steps: 10 },
  full: { title: 'full graph', topology: { kind: 'full' }, rounds: 3, steps: 15 },
}

/** As `--attack` has them, without the peers. ζ as computed is 0 for 2 of 16, so it is given. */
export const attacks = {
  'sign flip, 10': 'sign-flip=10',
  'bit flip': 'bit-flip',
  'noise, 0.05': 'noise=0.05',
  'label flip': 'label-flip',
  backdoor: 'backdoor',
  'ALIE, 1.5': 'alie=1.5',
  'IPM, 1': 'ipm=1',
  'min-max': 'min-max',
  'dissensus, 1.5': 'dissensus=1.5',
  'two-faced, 1': 'two-faced',
}

/** The most liars among n vectors, the own one among them, that a rule is made for: of some rules any number. */
function mostLiars(rule, n) {
  const section = ruleSchema.parse(rule)
  const some = Array.from({ length: n }, (_, liars) => liars)
  return some.findLast(tolerate => vectorsNeeded({ ...section, tolerate }) <= n)
}

/** By name: of how many liars a peer with n vectors may hear by the rule's own condition. */
export const rules = {
  none: () => Number.POSITIVE_INFINITY,
  ...Object.fromEntries(ruleNames.map(rule => [rule, n => mostLiars(rule, n)])),
}

export const counts = [2, 4]

/**
 * What docs/belief.md says to begin with, by the graph and how many may lie, whatever the attack: the trimmed mean where
 * every honest peer has vectors enough for it, clip elsewhere.
 */
export function recommendedAt({ seed, graph, attackers }) {
  const { hostile, heard } = placesOf(graphs[graph].topology, seed, attackers)
  return hostile <= rules['trimmed-mean'](heard + 1) ? 'trimmed-mean' : 'clip'
}

/** Every cell, for each seed: with no attacker, and with each attack by so many. */
export function cellsOf({ quick }) {
  const some = (all, few) => (quick ? few : Object.keys(all))
  const cells = []
  for (const seed of quick ? [1] : [1, 2, 3]) {
    for (const set of some(sets, ['pneumoniamnist'])) {
      for (const graph of Object.keys(graphs)) {
        for (const rule of some(rules, ['none', 'clip', 'trimmed-mean'])) {
          const cell = { seed, set, graph, rule }
          cells.push({ ...cell, attackers: 0, attack: null })
          for (const attackers of quick ? [2] : counts) {
            for (const attack of some(attacks, ['backdoor', 'ALIE, 1.5', 'dissensus, 1.5'])) {
              cells.push({ ...cell, attackers, attack })
            }
          }
        }
      }
    }
  }
  return cells
}

/**
 * A cell's manifest and attack; undefined where its set is not there, or the rule's condition does not hold: some honest
 * peer has more hostile neighbours than the rule is made for.
 */
export function settingOf({ seed, set: setName, graph, rule, attackers, attack }, { quick }) {
  const set = sets[setName].set()
  if (set === undefined) return undefined
  const { topology, rounds, steps } = graphs[graph]
  const { hostile, heard, places } = placesOf(topology, seed, attackers)
  const most = rules[rule](heard + 1)
  if (hostile > most) return undefined
  const tolerate = Math.min(Math.max(1, hostile), most)
  const isTolerant = rule !== 'none' && 'tolerate' in ruleSchema.parse(rule)
  const believe = rule === 'none' ? {} : { believe: { rule, ...(isTolerant && { tolerate }) } }
  const manifest = {
    seed,
    peers,
    rounds: quick ? 2 : rounds,
    data: { set },
    partition: { kind: 'iid' },
    model: { kind: 'mlp', hidden: [32] },
    training: { batch: 32, steps: quick ? 3 : steps, learningRate: 0.05, decay: 1 },
    merge: { method: 'dfedavgm' },
    topology,
    evaluation: { every: rounds },
    ...believe,
  }
  return { manifest, attacks: attack === null ? [] : [`${attacks[attack]}:${places.join(',')}`] }
}

/**
 * Where so many attackers stand, by the seed.
 *
 * @returns `hostile`: the most that an honest peer has among its neighbours; `heard`: the fewest neighbours that one has
 */
function placesOf(topology, seed, attackers) {
  const graph = createTopology({ weights: 'uniform', ...topology }, peers, seed).graphAt(0)
  const all = Array.from({ length: peers }, (_, peer) => peer)
  const drawn = peer => createHash('sha256').update(`${seed}/${peer}`).digest('hex')
  const places = all.toSorted((a, b) => (drawn(a) < drawn(b) ? -1 : 1)).slice(0, attackers)
  const honest = all.filter(peer => !places.includes(peer))
  const near = honest.map(peer => graph.receivesFrom(peer))
  return {
    places: places.toSorted((a, b) => a - b),
    hostile: Math.max(...near.map(neighbours => neighbours.filter(peer => places.includes(peer)).length)),
    heard: Math.min(...near.map(neighbours => neighbours.length)),
  }
}
