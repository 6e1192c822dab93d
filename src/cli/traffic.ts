import { codecOf } from '../codec/index.js'
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
 * everybody. Framing and forwarded heads of other peers come on top.
 *
 * @param topology - left out where peers come and go: the number of neighbours is unknown then
 */
export function trafficText(manifest: Manifest, { steps, says }: Plan, topology?: Topology): string {
  const { encoding, rounds, merge, exchange } = manifest
  const { road } = methodOf(merge)
  // A byte each.
  if (road === 'log') return `${byteCount(says.layout.size)} a round, to everybody`
  const bytes = codecOf(encoding).size(says.layout).most
  if (road === 'everybody') return `${byteCount(bytes)} of parameters a round, to everybody${advice(bytes, encoding)}`
  if (steps === 0 || topology?.peers === 1) return 'nothing'
  const sampled = sampledIn(exchange)
  if (sampled !== undefined) return sampledText(bytes, sampled)
  const times = steps === 1 ? '' : `, ${steps} times`
  if (topology === undefined) {
    return `${byteCount(bytes)} of parameters a round to each neighbour${times}${advice(bytes * steps, encoding)}`
  }
  if (!isPlain(exchange)) return scheduledText(manifest, bytes, steps, topology)
  const neighbours = Math.max(...graphsOf(topology).flatMap(degrees))
  const perRound = bytes * neighbours * steps
  const others = neighbours === 1 ? 'one neighbour' : `each of ${neighbours} neighbours`
  return `${byteCount(bytes)} of parameters a round to ${others}${times}: ${byteCount(perRound * rounds)} a peer in ${countOf(rounds, 'round')}${advice(perRound, encoding)}`
}

/** To the aggregators and back. */
function sampledText(bytes: number, { participants, aggregators }: SampledSpec): string {
  const models = countOf(participants, 'model')
  return `about ${byteCount(2 * participants * aggregators * bytes)} of parameters a round, all peers together: ${models} there and back; at the end one to everybody`
}

/** Of a run in whose rounds peers send unlike much: all of them together, since that is what schedules are compared by. */
function scheduledText(manifest: Manifest, bytes: number, steps: number, topology: Topology): string {
  const { exchange, rounds } = manifest
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
  const bound = exchange.when === 'adaptive' ? 'at most' : 'about'
  return `${bound} ${byteCount((heads + ofFinal) * bytes)} of parameters, all peers together, in ${parts.join(' and ')}`
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
