import * as z from 'zod'
import { HearsayError } from '../errors.js'
import type { ExchangeSpec } from '../topology/index.js'
import { orOneWord } from '../validation.js'
import { presetMethods } from './averaging/preset-methods.js'
import { dfedadmm } from './dfedadmm.js'
import { diloco } from './diloco.js'
import { dpBrem } from './dp-brem.js'
import { maskReports, type ReportTexts, reputationReports, ruleReports } from './figures.js'
import { gradientTracking } from './gradient-tracking.js'
import type { Method, MethodSection, RunAxes } from './method.js'
import { mixture } from './mixture/method.js'
import { noloco } from './noloco.js'
import { pushSum } from './push-sum.js'
import { qgDsgdm } from './qg-dsgdm.js'
import { relaySum } from './relay-sum.js'
import { scaffold } from './scaffold.js'
import { oneByte } from './scalars/method.js'
import { scafcom, scallion } from './scallion.js'
import { sparseloco } from './sparseloco.js'

const methods = new Map<string, Method>()

/**
 * Makes a method known to every manifest that is read from then on.
 *
 * @throws {@link HearsayError} `USAGE` where another method has its name
 */
export function registerMethod<S extends MethodSection>(method: Method<S>): void {
  if (methods.has(method.name)) {
    throw new HearsayError('USAGE', `method ${method.name}: another has this name; give it one of its own`)
  }
  methods.set(method.name, method as unknown as Method)
}

for (const method of presetMethods) registerMethod(method)
registerMethod(qgDsgdm)
registerMethod(scaffold)
registerMethod(scallion)
registerMethod(scafcom)
registerMethod(gradientTracking)
registerMethod(noloco)
registerMethod(diloco)
registerMethod(sparseloco)
registerMethod(dfedadmm)
registerMethod(pushSum)
registerMethod(relaySum)
registerMethod(dpBrem)
registerMethod(mixture)
registerMethod(oneByte)

/** The method of a manifest that names none: the one of arXiv 2302.04083 that costs no more than plain averaging. */
export const defaultMethod: string = 'dfedsam'

/** What to compare a run with, the most different first. */
const alternatives: readonly string[] = ['dfedsam-mgs', 'dfedavg', defaultMethod]

/**
 * Another method to compare a run with.
 *
 * @param goes - does it go with the rest of the run's manifest?
 */
export function alternativeTo({ method }: MethodSection, goes: (name: string) => boolean): string | undefined {
  return alternatives.find(name => name !== method && goes(name))
}

/** Names of all methods, in the order in which they are listed. */
export function methodNames(): readonly string[] {
  return [...methods.keys()]
}

/** @param name - one of {@link methodNames} */
export function methodNamed(name: string): Method {
  return methods.get(name)!
}

/** The method of a section that has been checked. */
export function methodOf({ method }: MethodSection): Method {
  return methodNamed(method)
}

/** Does a graph decide whom a peer hears, or are heads for everybody, or for a sample that each round draws? */
export function followsGraph({ merge, exchange }: RunAxes & { readonly exchange: ExchangeSpec }): boolean {
  return methodOf(merge).road === 'neighbours' && exchange.when !== 'sampled'
}

/** How people read what a run reports: what its method does, whom it believes, now and in the long run, and its masks. */
export function reportTextsOf({ merge, believe, reputation }: RunAxes): ReportTexts {
  const { figures, perPeer } = methodOf(merge).reports ?? {}
  const beside = { ...(believe && ruleReports.perPeer), ...(reputation && reputationReports.perPeer) }
  return { figures: { ...maskReports.figures, ...figures }, perPeer: { ...perPeer, ...beside } }
}

/** What the learner's workers are to import: what the method brings, and behind it what its user does. */
export function modulesOf(section: MethodSection, own: readonly URL[] = []): readonly URL[] {
  return [...(methodOf(section).modules?.() ?? []), ...own]
}

/** The section as a person writes it. */
export type SectionInput = string | (MethodSection & { readonly [field: string]: unknown })

/**
 * The manifest's section `merge`: a method's name, or an object with that name as `method` and what is to differ from
 * the method's own numbers.
 */
export function sectionSchema(): z.ZodType<MethodSection, SectionInput> {
  const [first, ...others] = [...methods.values()].map(
    ({ schema, says, paper }) =>
      schema.meta({ says, ...(paper && { paper: `${paper.title}, arXiv ${paper.arxiv}` }) }) as unknown as z.ZodObject,
  )
  const union = z.discriminatedUnion('method', [first!, ...others])
  return orOneWord('method', union) as unknown as z.ZodType<MethodSection, SectionInput>
}
