import type { TopologySpec } from './schema.js'
import { createTopology, type Topology } from './topology.js'

/** More peers change the degrees of no kind of graph but those that grow with their number. */
const many = 64

/**
 * The graph that a run in the field may come to have, whose number of peers is open: it shows how few neighbours a peer
 * has however many come.
 *
 * @returns undefined where degrees are drawn by chance
 */
export function crowdOf(spec: TopologySpec, seed: number): Topology | undefined {
  switch (spec.kind) {
    case 'erdos-renyi':
    case 'watts-strogatz':
      return undefined
    case 'grid':
    case 'torus':
      return createTopology(spec, (spec.rows ?? 8) * 8, seed)
    case 'random-regular':
      return createTopology(spec, Math.max(many, spec.degree + 1), seed)
    case 'edges':
      return createTopology(spec, 1 + Math.max(...spec.edges.flat()), seed)
    default:
      return createTopology(spec, many, seed)
  }
}
