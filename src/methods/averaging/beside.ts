import type { RuleSpec, TrainReport } from '../../learner/index.js'
import { contributions, summed, towards } from '../../merge/index.js'
import {
  allocate,
  type Bundle,
  type BundleShape,
  bundleOf,
  bundleShape,
  fillFrom,
  type NamedTensor,
  reserveVector,
  tensorsOf,
} from '../../tensors/index.js'
import { copyInSlices, inSlices } from '../../turns.js'
import { normOf, refusedAsTooLong } from '../norm.js'
import type { Beside } from './averaging.js'
import type { AfterTraining, AveragingPlan } from './plan.js'
import { createRelays, isRelay } from './relays.js'
import { mergeRuled } from './ruled.js'
import type { Rulings } from './rulings.js'

/** The vectors that a method has beside the head: what it hands over, and what it keeps. */
export interface BesideHead extends Beside {
  /** The vectors that it keeps, and what neighbours said where that is passed on. */
  kept(): NamedTensor[]
  /** @throws {@link HearsayError} `PARAMETERS` where they do not fit */
  restore(kept: readonly NamedTensor[], source: string): void
  /** Called when training begins. @returns the rules of this round beside the settled ones */
  begin(head: Float32Array, start: number): Promise<readonly RuleSpec[]>
  /** Discards what was learnt from the others: training diverged on it, and the round begins with this head instead. */
  forget(head: Float32Array): Promise<void>
  /** Called when training is over. */
  trained(head: Float32Array, report: Pick<TrainReport, 'steps'>, learningRate: number): Promise<void>
}

/**
 * @param headDistance - `limits.headDistance`: how many times the usual length the vectors beside a head may have
 * @param rulings - how what is averaged is merged @default by the weights of the heads
 * @returns nothing for a method that has no vectors but the head
 */
export function besideOf(
  plan: AveragingPlan,
  says: BundleShape,
  headDistance: number,
  rulings?: Rulings,
): BesideHead | undefined {
  const { beside, keeps: keptVectors, passesOn = false } = plan
  const parts = [beside, keptVectors, plan.rules, plan.end, plan.report]
  if (parts.every(part => part === undefined)) return undefined
  const keepsShape = bundleShape(keptVectors ?? {})
  // On shared memory: a rule's vector is read by the worker where it lies.
  const kept = { layout: keepsShape.layout, values: allocate(keepsShape.layout) }
  const keeps = bundleOf(keepsShape, kept.values)
  const values = reserveVector(says.layout.size).fill(0)
  const own = bundleOf(says, values)
  const before = allocate(says.parts.head!.layout)
  const relays = plan.tell && createRelays(says)
  /** This round's training, unless it was given up. */
  let made: Pick<AfterTraining, 'trained' | 'learningRate'> | undefined
  return {
    kept: () => [...tensorsOf(kept), ...(relays?.kept() ?? [])],
    restore(all, source) {
      const [passedOn, others] = [all.filter(isRelay), all.filter(tensor => !isRelay(tensor))]
      fillFrom(relays === undefined ? all : others, kept, source)
      relays?.restore(passedOn, source)
    },
    async begin(head, start) {
      made = undefined
      await copyInSlices(before, head)
      return (await plan.rules?.(keeps, { start, values: before })) ?? []
    },
    async trained(head, trained, learningRate) {
      made = { trained, learningRate }
      await plan.say?.(own, keeps, { before, head, ...made })
    },
    async whole(head) {
      // No vector goes along, and no merge needs the head as it was.
      if (beside === undefined && plan.merge === undefined) return head
      await copyInSlices(own.head!, head)
      return values
    },
    telling(where) {
      if (plan.tell === undefined) return undefined
      const tell = plan.tell({ where, own, last: relays!.at(where) })
      const told = reserveVector(values.length)
      const said = bundleOf(says, told)
      return async receiver => {
        await tell(said, receiver)
        return told
      }
    },
    anchor: () => plan.updates && before,
    async told(head, { anchor, said }) {
      // Who is not heard has said nothing: the way of its anchor.
      await plan.updates!.told(keeps, { wanted: head, said: said ?? before })
      if (anchor !== before) await copyInSlices(before, anchor)
      await copyInSlices(head, said ?? before)
    },
    passOf(self) {
      const { updates } = plan
      return updates && ((own, believed) => updates.merge(before, inOrder(self, own, believed)))
    },
    weigh(where, received) {
      if (plan.weigh === undefined) return where.row
      const heard = new Map([...received].map(([peer, values]) => [peer, bundleOf(says, values)]))
      return plan.weigh({ where, heard, own })
    },
    async merge(where, at, merged, copy) {
      const refused = await tooLongBeside(values, own.head!.length, merged, headDistance)
      const heard = new Map<number, Bundle>()
      for (const [peer, values] of merged) if (!refused.has(peer)) heard.set(peer, bundleOf(says, values))
      const copies = copy && bundleOf(says, copy.values)
      const average = async (out: Float32Array, vector: string): Promise<void> => {
        const others = new Map([...heard].map(([peer, bundle]) => [peer, bundle[vector]!]))
        // γ keeps a sequence of merges from diverging; where nothing is merged again it would only shrink what was learnt.
        const known = copies && { values: copies[vector]!, gamma: passesOn ? copy!.gamma : 1 }
        if (rulings !== undefined) return mergeRuled(out, own[vector]!, others, rulings.of(vector), at, known)
        const plain = summed(contributions(at.row, at.self, known?.values ?? own[vector]!, others))
        const pass = known === undefined ? plain : towards(plain, own[vector]!, known)
        await inSlices(out.length, pass.vectors, (from, to) => pass.write(out, from, to))
      }
      await plan.merge?.(keeps, { where, row: at.row, heard, own, known: copies ?? own, average })
      await relays?.keep(where, new Map([...merged].filter(([peer]) => heard.has(peer))))
      return [...refused].map(([peer, why]) => ({ peer, ...why }))
    },
    async ended(merged) {
      if (plan.end === undefined || made === undefined) return false
      await plan.end(keeps, { before, merged, ...made })
      return true
    },
    report: () => plan.report?.(keeps) ?? {},
    async forget(head) {
      kept.values.fill(0)
      relays?.forget()
      // As an anchor it is unlike that of most, so that nobody takes the way back to it for an update.
      await copyInSlices(before, head)
    },
  }
}

/** Vectors by the numbers of their peers, so that all who have the same ones add them up alike. */
function inOrder(self: number, own: Float32Array, others: ReadonlyMap<number, Float32Array>): Float32Array[] {
  const all = [...others, [self, own] as const]
  return all.sort(([a], [b]) => a - b).map(([, values]) => values)
}

/**
 * The peers whose vectors beside the head are too long to be merged. A head is bounded by its distance, and by the loss
 * on own samples after the merge; no loss shows a wrong control variate, so its length is bounded by that of the own
 * one and of what is usual among those that came.
 */
async function tooLongBeside(
  own: Float32Array,
  start: number,
  merged: ReadonlyMap<number, Float32Array>,
  times: number,
): Promise<ReturnType<typeof refusedAsTooLong<number>>> {
  const norms = new Map<number, number>()
  for (const [peer, values] of merged) norms.set(peer, await normOf(values, start))
  return refusedAsTooLong(await normOf(own, start), norms, times)
}
