import { it } from 'vitest'
import { killedAndBack } from '../e2e/rejoin.js'

/* One that hands over another vector beside the head, and one that moves the merged model once more. */
it.each([
  ['gradient-tracking', 'full'],
  ['noloco', 'full'],
] as const)('%s: three processes learn, one of which is killed and comes back', killedAndBack)
