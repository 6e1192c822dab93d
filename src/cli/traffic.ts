import { codecOf } from '../codec/index.js'
import { methodOf, type Plan } from '../methods/index.js'
import type { Manifest } from '../node/index.js'
import { degrees, graphsOf, type Topology } from '../topology/index.js'
import { byteCount, countOf, graphNames } from '../watch/index.js'

/** Bytes that a home connection sends in a second; below that no advice is needed on how to send less. */
const muchBytes = 10e6

/**
 * What one peer will send, shown beforehand: to each neighbour in every exchange of every round, or once a round to
 * everybody. Framing and forwarded heads of other peers come on top.
 *
 * @param topology - left out where peers come and go: the number of neighbours is unknown then
 */
export function trafficText({ encoding, rounds, merge }: Manifest, { steps, says }: Plan, topology?: Topology): string {
  const { road } = methodOf(merge)
  // A byte each.
  if (road === 'log') return `${byteCount(says.layout.size)} a round, to everybody`
  const bytes = codecOf(encoding).size(says.layout).most
  if (road === 'everybody') return `${byteCount(bytes)} of parameters a round, to everybody${advice(bytes, encoding)}`
  if (steps === 0 || topology?.peers === 1) return 'nothing'
  const times = steps === 1 ? '' : `, ${steps} times`
  if (topology === undefined) {
    return `${byteCount(bytes)} of parameters a round to each neighbour${times}${advice(bytes * steps, encoding)}`
  }
  const neighbours = Math.max(...graphsOf(topology).flatMap(degrees))
  const perRound = bytes * neighbours * steps
  const others = neighbours === 1 ? 'one neighbour' : `each of ${neighbours} neighbours`
  return `${byteCount(bytes)} of parameters a round to ${others}${times}: ${byteCount(perRound * rounds)} a peer in ${countOf(rounds, 'round')}${advice(perRound, encoding)}`
}

/**
 * How peers merge: "dfedsam on a ring, believing by clip". The topology does not matter where heads go to everybody.
 */
export function mergeText({ merge, believe, topology }: Pick<Manifest, 'merge' | 'believe' | 'topology'>): string {
  if (methodOf(merge).road !== 'neighbours') return merge.method
  return `${merge.method} on ${graphNames[topology.kind]}${believingText(believe)}`
}

/** By which rule, behind the method: ", believing by clip". */
export function believingText(believe: Manifest['believe']): string {
  return believe === undefined ? '' : `, believing by ${believe.rule}`
}

function advice(bytesPerRound: number, { codec }: Manifest['encoding']): string {
  if (bytesPerRound < muchBytes) return ''
  return `; less with share: head${codec === 'f32' ? ', or encoding: bf16 or int8' : ''}`
}
