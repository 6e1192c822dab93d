import { group } from 'd3-array'
import { noiseDigest, type PeerIdStr } from '../gossip/index.js'
import type { Neighbourhood } from '../methods/index.js'
import { exposedLimit, exposures, type Pairs } from '../privacy/index.js'
import { type Graph, graphsOf, type Topology } from '../topology/index.js'
import type { PairKeys } from './pair-keys.js'

/** Whom a peer shares noise with in a round. */
export interface PairView {
  /** Its neighbours, each with the secret that only the two know. */
  readonly others: ReadonlyMap<PeerIdStr, Uint8Array>
  /** See {@link noiseDigest}. */
  readonly digest: Uint8Array
  /** The peer's own: see {@link exposures}. */
  readonly exposure: number
}

export interface PairViewsInit {
  readonly runId: Uint8Array
  readonly self: PeerIdStr
  readonly keys: PairKeys
  /** ρ. */
  readonly pairNoise: number
  /** Undefined where the rounds have not begun. */
  readonly neighbourhoodAt: (round: number) => Neighbourhood | undefined
}

/** A peer whose noise nobody shares: it is as exposed as its own noise leaves it. */
const alone: PairView = { others: new Map(), digest: new Uint8Array(), exposure: 1 }

/**
 * The view of each round, of which each is asked for once. A round that is repeated in this process is noised alone: the
 * noise of its pairs has hidden another contribution.
 */
export function createPairViews(init: PairViewsInit): (round: number) => PairView {
  const { runId, self, keys, pairNoise, neighbourhoodAt } = init
  let last = -1
  return round => {
    const where = round > last ? neighbourhoodAt(round) : undefined
    last = Math.max(last, round)
    if (where === undefined) return alone
    const keyOf = keys.keysIn(round)
    const live = new Map<PeerIdStr, Uint8Array>()
    const secrets = new Map<PeerIdStr, Uint8Array>()
    for (const { peerId } of where.members) {
      const peer = peerId.toString()
      const key = keyOf(peer)
      // Of a key that makes every secret 0 there is none for anybody, so that all leave out its peer alike.
      const secret = key && keys.key.secretWith(key)
      if (key === undefined || secret === undefined) continue
      live.set(peer, key)
      secrets.set(peer, secret)
    }
    if (!live.has(self) || live.size > exposedLimit) return alone
    const ids = [...live.keys()]
    const pairs = pairsOf(where.graph, number => live.has(where.members[number]!.peerId.toString()))
    const place = ids.indexOf(self)
    const shared = pairs.edges.flatMap(([a, b]) => (a === place ? [b] : b === place ? [a] : []))
    return {
      others: new Map(shared.map(at => [ids[at]!, secrets.get(ids[at]!)!])),
      digest: noiseDigest({ runId, round, keys: live, edges: pairs.edges }),
      exposure: exposures({ ...pairs, parties: partiesOf([...live.values()]) }, pairNoise)[place]!,
    }
  }
}

/**
 * The pairs of a graph's peers that are live, numbered anew, whichever way an edge goes.
 *
 * @param isLive - by number in the graph
 */
export function pairsOf(graph: Graph, isLive: (peer: number) => boolean = () => true): Pairs {
  const live = Array.from({ length: graph.peers }, (_, peer) => peer).filter(isLive)
  const places = new Map(live.map((peer, place) => [peer, place]))
  const edges = new Map<number, readonly [number, number]>()
  for (const edge of graph.edges) {
    const [a, b] = edge.map(peer => places.get(peer)).sort((x = 0, y = 0) => x - y)
    if (a !== undefined && b !== undefined) edges.set(a * live.length + b, [a, b])
  }
  return { peers: live.length, edges: [...edges].sort(([a], [b]) => a - b).map(([, edge]) => edge) }
}

/** How exposed a peer of a graph is: see {@link exposures}. @param isLive - by number, as `self` */
export function exposureIn(graph: Graph, self: number, isLive: (peer: number) => boolean, pairNoise: number): number {
  const place = Array.from({ length: self }, (_, peer) => peer).filter(isLive).length
  return exposures(pairsOf(graph, isLive), pairNoise)[place]!
}

/** The pairs of each round of a run that is not like one before it. */
export function pairsIn(topology: Topology, rounds: number): readonly Pairs[] {
  return graphsOf(topology, rounds).map(graph => pairsOf(graph))
}

/**
 * The places of peers by the key that they show. The noise of a pair is of both ids beside their secret, so that one who
 * shows another's key shares other noise than that one, which knows it all the same.
 */
function partiesOf(keys: readonly Uint8Array[]): readonly (readonly number[])[] {
  const places = [...keys.keys()]
  return [...group(places, place => Buffer.from(keys[place]!).toString('hex')).values()]
}
