import { clip } from './clip.js'
import { correction } from './correction.js'
import { lastingMomentum } from './lasting-momentum.js'
import { momentum } from './momentum.js'
import { proximal } from './proximal.js'
import type { Rule } from './rule.js'
import { sam } from './sam.js'
import { weightDecay } from './weight-decay.js'

/** Rules by their names. */
export type RuleBook = ReadonlyMap<string, Rule>

/** @param foreign - of other modules: see {@link ForeignRuleSpec} */
export function ruleBook(foreign: readonly Rule[] = []): RuleBook {
  const all: readonly Rule[] = [clip, correction, lastingMomentum, momentum, proximal, sam, weightDecay, ...foreign]
  const byName = new Map(all.map(rule => [rule.name, rule]))
  if (byName.size < all.length) throw new Error('two rules of one name')
  return byName
}
