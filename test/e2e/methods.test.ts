import { it } from 'vitest'
import { killedAndBack } from './rejoin.js'

/*
 * One that hands over another vector beside the head, and weighs by it; and one that tells each neighbour something else,
 * whose tree changes twice. Others are in test/endurance.
 */
it.each([
  ['push-sum', 'full'],
  ['relaysum', 'tree'],
] as const)('%s: three processes learn, one of which is killed and comes back', killedAndBack)
