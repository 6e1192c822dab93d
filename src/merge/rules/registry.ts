import * as z from 'zod'
import { orOneWord } from '../../validation.js'
import { balance } from './balance.js'
import { centredClip } from './centred-clip.js'
import { clip } from './clip.js'
import { geometricMedian } from './geometric-median.js'
import { median } from './median.js'
import { multiKrum } from './multi-krum.js'
import type { Rule, RuleSection } from './rule.js'
import { trimmedMean } from './trimmed-mean.js'
import { ubar } from './ubar.js'

/** Every rule, the one that goes with any graph first. */
const all = [clip, balance, ubar, trimmedMean, median, multiKrum, geometricMedian, centredClip] as const

const rules = new Map<string, Rule>(all.map(rule => [rule.name, rule as unknown as Rule]))

/** Names of all rules, in the order in which they are listed. */
export const ruleNames: readonly string[] = [...rules.keys()]

/** The rule of a section that has been checked. */
export function ruleOf({ rule }: RuleSection): Rule {
  return rules.get(rule)!
}

const sections = all.map(
  ({ schema, says, paper }) =>
    schema.meta({ says, paper: `${paper.title}, arXiv ${paper.arxiv}` }) as unknown as z.ZodObject,
)

/** The section as a person writes it. */
export type RuleInput = string | (RuleSection & { readonly [field: string]: unknown })

/**
 * The manifest's section `believe`: a rule's name, or an object with that name as `rule` and what is to differ from the
 * rule's own numbers. Comes out as the object, with every number filled in.
 */
export const ruleSchema = orOneWord(
  'rule',
  z.discriminatedUnion('rule', [sections[0]!, ...sections.slice(1)]),
) as unknown as z.ZodType<RuleSection, RuleInput>
