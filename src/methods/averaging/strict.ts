import type { Ruled } from '../../merge/index.js'
import type { TooStrict } from '../session.js'

/** Rounds on end in which most are refused before that is told, and those at first whose distances are told with it. */
const roundsLooked = 3

/**
 * Watches a rule that believes whoever lies within a radius that a person sets, as γ of BALANCE, which depends on the
 * model (ALGORITHMS-2.md 2).
 *
 * @returns called with each round's last merge: what to tell, once, when more than half of the heads were refused in
 *   three rounds on end
 */
export function createStrictness(): (ruled: Ruled, self: number) => TooStrict | undefined {
  const first: number[] = []
  let strictRounds = 0
  let isTold = false
  return ({ given, radius }, self) => {
    if (radius === undefined || isTold) return undefined
    const others = [...given].filter(([peer]) => peer !== self)
    const refused = others.filter(([, weight]) => weight === 0).length
    if (first.length < roundsLooked) first.push(middle(radius.apart))
    strictRounds = refused > others.length / 2 ? strictRounds + 1 : 0
    if (strictRounds < roundsLooked) return undefined
    isTold = true
    return { field: radius.field, apart: middle(first) }
  }
}

/** The upper median: half of the heads lie within it. */
function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
