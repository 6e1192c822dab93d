import * as z from 'zod'
import { measureOf } from '../data/index.js'
import { type Merge, mergeFieldsSchema, resolveMerge } from '../merge/index.js'
import { type MixtureSettings, mixtureSchema, resolveMixture } from '../mixture/index.js'

/**
 * The manifest's section `merge`: a method's name, or an object with that name as `method` and what is to differ from
 * the method's own numbers. Either peers merge their heads, or each keeps its own and asks the others' as experts.
 */
export const methodSchema = z.preprocess(
  (input: string | object) => (typeof input === 'string' ? { method: input } : input),
  z.discriminatedUnion('method', [mergeFieldsSchema, mixtureSchema]),
)

/** The section `merge`, checked. */
export type MethodSpec = z.output<typeof methodSchema>

/** The section `merge` with every number settled. */
export type Method =
  | ({ readonly kind: 'merge' } & Merge)
  | ({ readonly kind: 'mixture' } & MixtureSettings & Pick<Merge, 'local'>)

/**
 * Local training beside a mixture: SGD with momentum. Whoever keeps a body has all of it to train alone, and momentum
 * brings it further in the same rounds (DESIGN.md: 91.4 % instead of 81.0 % after ten on MNIST). Its steps are ten times
 * as long, which few samples do not bear at the default learning rate: on PneumoniaMNIST, 1,177 samples a peer, 15 rounds
 * alone, seeds 1 to 3, a plain copy of this maths gave 83.1 ± 1.8 % at 0.05 (loss 0.90), 83.8 ± 1.9 % at 0.01 (0.69), and
 * 84.4 ± 0.4 % at 0.05 without momentum (0.58). There, set training.learningRate to 0.01.
 */
const besideMixture: Merge['local'] = { rho: 0, momentum: 0.9, oneStep: false }

/** What of a manifest says how peers learn from each other. */
export interface MethodOf {
  readonly merge: MethodSpec
  readonly data: Parameters<typeof measureOf>[0]
}

/** Fills in what the method sets and the manifest leaves open. */
export function resolveMethod({ merge, data }: MethodOf): Method {
  if (merge.method !== 'mixture') return { kind: 'merge', ...resolveMerge(merge) }
  const task = measureOf(data) === 'accuracy' ? 'classes' : 'values'
  return { kind: 'mixture', ...resolveMixture(merge, task), local: besideMixture }
}
