import { checkTopology } from '../methods/index.js'
import { createScheduled, type Topology, usedTopologies } from '../topology/index.js'
import type { Manifest } from './manifest.js'

/**
 * The topology of a run whose peers are known, with its schedule of exchanges.
 *
 * @throws {@link HearsayError} `TOPOLOGY` when so many peers cannot be joined in this way; `MANIFEST` for graphs that the
 *   run's method, rule or masks cannot work on
 */
export function checkedTopology(manifest: Manifest, peers: number): Topology {
  const topology = createScheduled(manifest, peers)
  for (const used of usedTopologies(manifest, peers)) {
    for (const graphs of [topology, used]) {
      checkTopology(
        manifest,
        () => graphs,
        () => used,
      )
    }
  }
  return topology
}
