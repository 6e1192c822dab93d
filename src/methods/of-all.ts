import { HearsayError } from '../errors.js'
import type { Topology } from '../topology/index.js'

/** @throws {@link HearsayError} `MANIFEST` for a graph on which some peer does not hear all others in a round */
export function checkOfAll(method: string, what: string, remedy: string, { name }: Topology): void {
  if (name === 'full') return
  throw new HearsayError(
    'MANIFEST',
    `merge: ${method} needs the ${what} of all peers in every round, and topology ${name} gives that of neighbours: use topology full, in exchange.dense too, or ${remedy}`,
  )
}
