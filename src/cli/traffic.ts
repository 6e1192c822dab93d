import { codecNamed } from '../codec/index.js'
import { type Manifest, resolveMethod } from '../node/index.js'
import { layoutOf } from '../tensors/index.js'
import { degrees, type Topology } from '../topology/index.js'
import { byteCount, countOf, graphNames } from '../watch/index.js'

/** A home connection takes a second for so much; below it nobody has to be told how to send less. */
const muchBytes = 10e6

/**
 * What one peer will send, to read before it does: its head to each neighbour in every gossip step of every round, or
 * once a round to everybody in a mixture. Framing and what a peer passes on of others' heads come on top.
 *
 * @param shared - numbers of the shared part
 * @param topology - left out where peers come and go: nobody knows how many neighbours there will be
 */
export function trafficText(manifest: Manifest, shared: number, topology?: Topology): string {
  const { encoding, rounds } = manifest
  const bytes = codecNamed(encoding).size(layoutOf([{ name: 'shared', shape: [shared] }])).most
  const method = resolveMethod(manifest)
  if (method.kind === 'mixture') return `${byteCount(bytes)} a round, to everybody${advice(bytes, encoding)}`
  if (method.gossipSteps === 0 || topology?.peers === 1) return 'nothing'
  const steps = method.gossipSteps === 1 ? '' : `, ${method.gossipSteps} times`
  if (topology === undefined) {
    return `${byteCount(bytes)} a round to each neighbour${steps}${advice(bytes * method.gossipSteps, encoding)}`
  }
  const neighbours = Math.max(...degrees(topology.graphAt(0)))
  const perRound = bytes * neighbours * method.gossipSteps
  const others = neighbours === 1 ? 'one neighbour' : `each of ${neighbours} neighbours`
  return `${byteCount(bytes)} a round to ${others}${steps}: ${byteCount(perRound * rounds)} in ${countOf(rounds, 'round')}${advice(perRound, encoding)}`
}

/** How peers merge: "dfedsam on a ring". The topology is no matter of a mixture, whose heads go to everybody. */
export function mergeText({ merge, topology }: Pick<Manifest, 'merge' | 'topology'>): string {
  return merge.method === 'mixture' ? merge.method : `${merge.method} on ${graphNames[topology.kind]}`
}

function advice(bytesPerRound: number, encoding: string): string {
  if (bytesPerRound < muchBytes) return ''
  return `; less with share: head${encoding === 'f32' ? ', or encoding: bf16 or int8' : ''}`
}
