import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { contributions, summed } from '../merge/index.js'
import { seededWords } from '../random.js'
import { type Bundle, layoutOf } from '../tensors/index.js'
import type { Graph, MixingRow } from '../topology/index.js'
import { inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import { isPlain } from './exchange.js'
import { localSteps, type StepsSection, stepFields } from './local-steps.js'
import type { Problem } from './method.js'
import type { Neighbourhood } from './neighbourhood.js'

type Said = Bundle<'head' | 'share' | 'tree'>

/**
 * RelaySum (ALGORITHMS.md 3.5): the mean of all peers on a spanning tree, each with its model of distance − 1 rounds ago.
 * What i tells j is the sum of its own model and of what its other neighbours have told it in the last round; so each
 * model travels along the tree and comes to everybody once, whatever the peers' data are.
 *
 * What travels is the sum's mean and, as a share of all peers, of how many it is: so a message is a model, and what a
 * peer believes of it is bounded as always. Beside it lies a number that names the tree. What was said on another tree is
 * not summed, as it may be of peers that another neighbour speaks for too: where members come or go sums begin anew.
 *
 * The paper fills the place of those that are not heard with the model that all begin with. Here it is the peer's own:
 * neighbours that stay silent must not hold a model back, and no tree but the first begins with a model that all have.
 */
export const relaySum = averagingMethod<StepsSection, 'share' | 'tree', 'counted'>({
  name: 'relaysum',
  says: 'train, then average with all peers, as neighbours on a tree pass on what they hear',
  paper: { title: 'RelaySum for Decentralized Deep Learning on Heterogeneous Data', arxiv: '2110.04175' },
  schema: z.strictObject({ method: z.literal('relaysum'), ...stepFields }),
  // Sums are of one round, and a number names their tree.
  needs: { mode: 'sync', exact: true },
  check(_, { believe, reputation, exchange }) {
    const problems: Problem[] = []
    const refuse = (path: readonly string[], why: string): void => {
      problems.push({ path, message: `does not go with merge: relaysum, ${why}; remove it` })
    }
    if (believe !== undefined) refuse(['believe'], 'whose messages are of many peers and count by how many')
    if (reputation !== undefined) refuse(['reputation'], 'whose messages are of many peers, not of who sends them')
    if (!isPlain(exchange)) refuse(['exchange'], 'whose messages are passed on in every round')
    return problems
  },
  settle: section => section,
  local: localSteps,
  checkTopology(_, topologyOf) {
    const { name, peers, union } = topologyOf()
    // Some graphs of two peers are trees, and no more when a third comes; one's own edges are for a number of peers.
    if (trees.has(name) || (name === 'edges' && union.edges.length === peers - 1)) return
    throw new HearsayError(
      'MANIFEST',
      `merge: relaysum needs one way between any two peers, or models would count twice, and topology ${name} has several: use topology tree, line or star, or edges without a circle`,
    )
  },
  plan: () => ({
    beside: { share: oneNumber('share'), tree: oneNumber('tree') },
    keeps: { counted: oneNumber('counted') },
    tell({ where, own, last }) {
      const peers = where.members.length
      own.share[0] = 1 / peers
      own.tree[0] = treeOf(where)
      const counts = countsOf(where, own, last)
      const heads = new Map([...counts.keys()].map(peer => [peer, last.get(peer)!.head]))
      return async (said, receiver) => {
        const others = new Map([...counts].filter(([peer]) => peer !== receiver))
        const count = total(others)
        const pass = summed(contributions(rowOf(others, count), where.self, own.head, heads))
        await inSlices(said.head.length, pass.vectors, (from, to) => pass.write(said.head, from, to))
        said.share[0] = count / peers
        said.tree[0] = own.tree[0]!
      }
    },
    weigh: ({ where, own, heard }) => rowOf(countsOf(where, own, heard), where.members.length),
    async merge({ counted }, { where, own, heard }) {
      counted[0] = total(countsOf(where, own, heard))
    },
    report: ({ counted }) => ({ figures: { counted: counted[0]! } }),
  }),
  reports: { figures: { counted: { label: 'peers in the mean', unit: 'count' } } },
})

const trees: ReadonlySet<string> = new Set(['tree', 'line', 'star'])

const oneNumber = (name: string) => layoutOf([{ name, shape: [1] }])

/**
 * A number from 1 to 2 that names the members and edges of a tree; by chance two in eight million have the same. Of its
 * 24 bits f32 loses none, and the length of what travels beside a head is nearly the same for all.
 */
function treeOf({ members, graph }: Neighbourhood): number {
  const ids = members.map(({ peerId }) => peerId.toString())
  const drawn = new Uint32Array(1)
  seededWords(0, `tree/${ids.join()}/${graph.edges.join(' ')}`)(drawn)
  return 1 + (drawn[0]! >>> 9) / 2 ** 23
}

/**
 * How many peers each message is of, by the neighbour that it comes from, in their order. One of another tree does not
 * count, and none of more peers than the tree has behind that neighbour.
 */
function countsOf(
  { graph, self, members }: Neighbourhood,
  own: Said,
  messages: ReadonlyMap<number, Said>,
): Map<number, number> {
  const counts = new Map<number, number>()
  for (const peer of graph.receivesFrom(self)) {
    const message = messages.get(peer)
    if (message === undefined || message.tree[0] !== own.tree[0]) continue
    const count = Math.round(message.share[0]! * members.length)
    if (count >= 1 && count <= peersBehind(graph, self, peer)) counts.set(peer, count)
  }
  return counts
}

/** How many peers a neighbour speaks for: itself and all that are reached by it. */
function peersBehind(graph: Graph, self: number, neighbour: number): number {
  const reached = new Set([self, neighbour])
  // A set goes on with what is added meanwhile.
  for (const peer of reached) if (peer !== self) for (const next of graph.sendsTo(peer)) reached.add(next)
  return reached.size - 1
}

/** This peer and those that messages are of. */
function total(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 1)
}

/** The weights of a mean of so many peers: those that no message is of are oneself. */
function rowOf(counts: ReadonlyMap<number, number>, peers: number): MixingRow {
  return {
    self: (1 + peers - total(counts)) / peers,
    from: Array.from(counts, ([peer, count]) => ({ peer, weight: count / peers })),
  }
}
