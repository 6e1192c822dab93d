import { codecOf } from '../codec/index.js'
import { handoverBytes, headFormat, masked, maskedLayout, publishedBytes, recordBytes } from '../gossip/index.js'
import { isPlain, methodOf, type Plan } from '../methods/index.js'
import type { Manifest } from '../node/index.js'
import {
  createSchedule,
  degrees,
  drawnIn,
  endsMerged,
  finalSteps,
  type Graph,
  graphsOf,
  type RoundKind,
  type SampledSpec,
  sampledIn,
  type Topology,
  usedTopologies,
} from '../topology/index.js'
import { byteCount, countOf, graphNames } from '../watch/index.js'

/** Bytes that a home connection sends in a second; below that no advice is needed on how to send less. */
const muchBytes = 10e6

/**
 * What one peer will send, shown beforehand: to each neighbour in every exchange of every round, or once a round to
 * everybody. It is what `sentBytes` counts of heads, frames included, where all come and none is requested; libp2p's
 * encryption and forwarded heads of other peers come on top.
 *
 * @param topology - left out where peers come and go: the number of neighbours is unknown then
 */
export function trafficText(manifest: Manifest, { steps, says }: Plan, topology?: Topology): string {
  const { encoding, rounds, merge, exchange, masks } = manifest
  const { road, needs } = methodOf(merge)
  if (road === 'log')
    return `about ${byteCount(recordBytes({ rounds, scalars: says.layout.size }))} a round, to everybody`
  if (road === 'everybody') {
    const bytes = publishedBytes({ rounds, head: headFormat(says.layout, codecOf(encoding)) })
    return `about ${byteCount(bytes)} a round, to everybody${advice(bytes, encoding)}`
  }
  if (steps === 0 || topology?.peers === 1) return 'nothing'
  const format = masks ? headFormat(maskedLayout(says.layout), masked) : headFormat(says.layout, codecOf(encoding))
  const bytes = handoverBytes(format, { rounds, isLinked: encoding.memory !== undefined || needs.updates === true })
  const sampled = sampledIn(exchange)
  if (sampled !== undefined) return sampledText(bytes, sampled)
  const times = steps === 1 ? '' : `, ${steps} times`
  const atMost = encoding.slim === true ? 'at most ' : ''
  if (topology === undefined) {
    return `${atMost}${byteCount(bytes)} a round to each neighbour${times}${advice(bytes * steps, encoding)}`
  }
  if (!isPlain(exchange)) return scheduledText(manifest, bytes, steps, topology)
  const numbers = graphsOf(topology).flatMap(degrees)
  const neighbours = Math.max(...numbers)
  const isSame = Math.min(...numbers) === neighbours
  const perRound = bytes * neighbours * steps
  const others = neighbours === 1 ? 'one neighbour' : `each of ${isSame ? '' : 'up to '}${neighbours} neighbours`
  const inAll = `${isSame || atMost !== '' ? '' : 'at most '}${byteCount(perRound * rounds)}`
  return `${atMost}${byteCount(bytes)} a round to ${others}${times}: ${inAll} a peer in ${countOf(rounds, 'round')}${advice(perRound, encoding)}`
}

/** To the aggregators and back. */
function sampledText(bytes: number, { participants, aggregators }: SampledSpec): string {
  const models = countOf(participants, 'model')
  return `about ${byteCount(2 * participants * aggregators * bytes)} a round, all peers together: ${models} there and back; at the end one to everybody`
}

/** Of a run in whose rounds peers send unlike much: all of them together, since that is what schedules are compared by. */
function scheduledText(manifest: Manifest, bytes: number, steps: number, topology: Topology): string {
  const { exchange, rounds, encoding } = manifest
  const schedule = createSchedule(exchange, rounds)
  const sentIn = ({ edges, directed }: Graph): number => edges.length * (directed ? 1 : 2)
  const { partners } = drawnIn(exchange)
  const sent = new Map<RoundKind, number>([['silent', 0]])
  let heads = 0
  for (let round = 0; round < rounds; round++) {
    const kind = schedule.at(round)
    // Of those that are drawn, as many as may be expected.
    const isDrawn = kind === 'usual' && partners !== undefined
    const many = sent.get(kind) ?? (isDrawn ? drawnOf(manifest, topology, partners) : sentIn(topology.graphAt(round)))
    sent.set(kind, many)
    heads += steps * many
  }
  const final = endsMerged(exchange) ? finalSteps(topology.peers) : []
  const ofFinal = final.reduce((sum, { graph }) => sum + sentIn(graph), 0)
  if (heads + ofFinal === 0) return `nothing: there is no exchange in ${countOf(rounds, 'round')}`
  const parts = [
    ...(exchange.when === 'once' ? [] : [countOf(schedule.exchangesBefore(rounds), 'exchange')]),
    ...(final.length > 0 ? ['the final merge'] : []),
  ]
  // Whoever has nothing new says less than a head, as slim frames are fewer bytes; how many are drawn is chance.
  const isBound = exchange.when === 'adaptive' || encoding.slim === true
  const bound = partners !== undefined ? 'about ' : isBound ? 'at most ' : ''
  return `${bound}${byteCount((heads + ofFinal) * bytes)}, all peers together, in ${parts.join(' and ')}`
}

/** Heads that may be expected where peers draw whom they hear: no peer can draw more than it has neighbours. */
function drawnOf(manifest: Manifest, { peers }: Topology, partners: number): number {
  const graph = usedTopologies(manifest, peers)[0]!.graphAt(0)
  const drawn = Array.from({ length: peers }, (_, peer) => Math.min(partners, graph.receivesFrom(peer).length))
  return drawn.reduce((sum, many) => sum + many, 0)
}

/**
 * How peers merge: "dfedsam on a ring, believing by clip". The topology does not matter where heads go to everybody.
 */
export function mergeText({
  merge,
  believe,
  topology,
  exchange,
}: Pick<Manifest, 'merge' | 'believe' | 'topology' | 'exchange'>): string {
  if (methodOf(merge).road !== 'neighbours') return merge.method
  const { when } = exchange
  if (exchange.when === 'sampled') return `${merge.method}, ${exchange.participants} sampled in a round`
  return `${merge.method} on ${graphNames[topology.kind]}${believingText(believe)}${when === 'every' ? '' : `, exchange: ${when}`}`
}

/** By which rule, behind the method: ", believing by clip". */
export function believingText(believe: Manifest['believe']): string {
  return believe === undefined ? '' : `, believing by ${believe.rule}`
}

function advice(bytesPerRound: number, { codec }: Manifest['encoding']): string {
  if (bytesPerRound < muchBytes) return ''
  return `; less with share: head${codec === 'f32' ? ', or encoding: bf16 or int8' : ''}`
}
