import { largestOfRows } from '../../data/index.js'
import type { PeerData, PoolModel } from '../../learner/index.js'
import type { Audited } from '../audited.js'
import { joined, type Matched } from '../matched.js'
import type { Recipe } from '../recipe.js'
import { modelSeen, type Seen } from '../seen.js'
import { confidences } from './confidence.js'
import { likelihoodRatios } from './likelihood.js'
import { type Separation, separationOf } from './roc.js'
import { trainShadows } from './shadows.js'

/** How well it can be told of records whether they were among the peer's. */
export interface MembershipAttack extends Separation {
  /** `loss`: a threshold on the record's loss. `shadows`: its likelihood ratio beside shadow models. */
  readonly attack: 'loss' | 'shadows'
}

/** The same of subjects, each of whom has several records. */
export interface SubjectAttack extends Separation {
  readonly members: number
  readonly others: number
}

export interface MembershipResult {
  readonly attacks: readonly MembershipAttack[]
  /** By the likelihood ratio; left out where the data name no subjects. */
  readonly subjects?: SubjectAttack
  /** The share of right answers of the model that is seen; left out where numbers are predicted. */
  readonly accuracy?: { readonly members: number; readonly others: number }
}

export interface MembershipInit {
  readonly audited: Audited
  readonly model: PoolModel
  readonly recipe: Recipe
  readonly matched: Matched
  readonly seen: Seen
  /** What the peer and those in the sum with it would hand over. */
  readonly handed: Float32Array
  readonly others: readonly Float32Array[]
  readonly shadows: number
  readonly seed: number
  readonly onShadow: () => void
  readonly signal: AbortSignal | undefined
}

/** Fewer subjects on a side tell nothing. */
const leastSubjects = 5

/** Attacks the model that a neighbour sees. */
export async function inferMembership(init: MembershipInit): Promise<MembershipResult> {
  const { audited, model, matched, seen, handed, others, shadows: count, signal } = init
  const { standardisation, objective, manifest } = audited
  const samples = joined(matched.members.samples, matched.others.samples)
  const records: PeerData = { samples, standardisation }
  const asked = async (parameters: Float32Array, company: readonly Float32Array[]): Promise<Float32Array> =>
    model.predict(modelSeen(seen, parameters, company), samples, standardisation, signal && { signal })
  const viewOf = (outputs: Float32Array): Float64Array => confidences(outputs, samples, objective, standardisation)
  const outputs = await asked(handed, others)
  const own = viewOf(outputs)
  const shadows = await trainShadows({ ...init, records, count, firstNumber: manifest.peers + 1 })
  // The attacker knows none of the models beside it in the sum, or could subtract them: its own stands in for each.
  const company = others.map(() => seen.rest)
  const views = await Promise.all(
    shadows.map(async ({ parameters, isIn }) => ({ isIn, confidences: viewOf(await asked(parameters, company)) })),
  )
  const ratios = likelihoodRatios(own, views)
  const { size } = matched
  const attacks = (
    [
      ['loss', own],
      ['shadows', ratios],
    ] as const
  ).map(([attack, scores]) => ({
    attack,
    ...separationOf(scores.subarray(0, size), scores.subarray(size)),
  }))
  return {
    attacks,
    ...subjectsIn(matched, ratios),
    ...(objective.kind === 'classification' && { accuracy: accuracyOf(outputs, samples.labels, size) }),
  }
}

/** A subject's score is the mean of its records': whether any of them took part shows in all. */
function subjectsIn({ members, others, size }: Matched, scores: Float64Array): Pick<MembershipResult, 'subjects'> {
  if (members.subjects === undefined || others.subjects === undefined) return {}
  const [inside, outside] = [
    meansBy(members.subjects, scores.subarray(0, size)),
    meansBy(others.subjects, scores.subarray(size)),
  ]
  if (Math.min(inside.length, outside.length) < leastSubjects) return {}
  return { subjects: { members: inside.length, others: outside.length, ...separationOf(inside, outside) } }
}

function meansBy(subjects: Uint32Array, scores: Float64Array): number[] {
  const sums = new Map<number, { sum: number; count: number }>()
  for (const [i, subject] of subjects.entries()) {
    const { sum, count } = sums.get(subject) ?? { sum: 0, count: 0 }
    sums.set(subject, { sum: sum + scores[i]!, count: count + 1 })
  }
  return [...sums.values()].map(({ sum, count }) => sum / count)
}

function accuracyOf(
  outputs: Float32Array,
  labels: Int32Array,
  size: number,
): NonNullable<MembershipResult['accuracy']> {
  const said = largestOfRows(outputs, outputs.length / labels.length)
  const share = (from: number, to: number): number => {
    let right = 0
    for (let i = from; i < to; i++) if (said[i] === labels[i]) right += 1
    return right / (to - from)
  }
  return { members: share(0, size), others: share(size, labels.length) }
}
