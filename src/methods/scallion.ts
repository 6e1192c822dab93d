import * as z from 'zod'
import type { Bundle, Layout } from '../tensors/index.js'
import { copyInSlices, inSlices } from '../turns.js'
import { averagingMethod } from './averaging/method.js'
import type { AfterTraining, AveragingPlan } from './averaging/plan.js'
import { unjudged } from './averaging/rulings.js'
import type { Method, MethodSection } from './method.js'
import { corrected } from './scaffold.js'

type Own = 'own' | 'mean'

interface ScallionSection extends MethodSection {
  readonly alpha: number
}

interface ScafcomSection extends MethodSection {
  readonly beta: number
}

const paper = {
  title: 'Stochastic Controlled Averaging for Federated Learning with Communication Compression',
  arxiv: '2308.08165',
}

/** What the two have in common: control variates as the others know them, of which only increments are said. */
const common: Pick<Method, 'paper' | 'needs' | 'check' | 'local'> = {
  paper,
  // Control variates of different rounds do not cancel, nor what a codec has lost of them for good.
  needs: { mode: 'sync', mean: true },
  check: (_, { believe }) => unjudged(believe, 'control'),
  local: () => ({ rho: 0, momentum: 0, oneStep: false }),
}

/**
 * SCALLION among neighbours: SCAFFOLD whose control variates are what has been said of them. With D = (x − y)/(Kη) − c,
 *
 *     c_i ← c_i + C(α·D) ;  x ← x − Kη·(c + α·D), then averaged
 *
 * so that what a peer corrects by is to the last bit what the others sum up. Increments to what the others know are what
 * CHOCO's copies are made of (`encoding.memory`), and c_i is the peer's own copy. On a full graph without a codec it is the
 * paper's algorithm with all clients and η_g = 1, and with α = 1 SCAFFOLD. The paper's server has the model, so that its
 * peers send one vector; here models differ, and heads go along, compressed alike.
 */
export const scallion = averagingMethod<ScallionSection, 'control', Own>({
  ...common,
  name: 'scallion',
  says: 'as scaffold, along what was said of the control variates, for codecs that lose much',
  schema: z.strictObject({
    method: z.literal('scallion'),
    // Without a choice of the codec's there is nothing to damp: that is SCAFFOLD.
    alpha: z.number().gt(0).max(1).default(1).meta({
      says: 'α: how much of what is new a control variate, and the model, take in a round',
      example: 0.5,
    }),
  }),
  settle: section => section,
  plan: ({ alpha }, { head: { layout } }) => ({
    keeps: { own: layout, mean: layout },
    ...controlled<Own>(layout, alpha < 1, async (increment, { mean }, way) => {
      await inSlices(way.length, 3, (from, to) => {
        for (let k = from; k < to; k++) increment[k] = alpha * (way[k]! - mean[k]!)
      })
    }),
  }),
})

/**
 * SCAFCOM: the same for codecs that err on one side, as `topk`, along a local momentum v ← v + β·(g − v) of the rounds'
 * mean gradients, D = v − c_i. The momentum begins at 0, as control variates do.
 */
export const scafcom = averagingMethod<ScafcomSection, 'control', Own | 'momentum'>({
  ...common,
  name: 'scafcom',
  says: 'as scallion, along a momentum of each peer’s gradients, for codecs that leave out much',
  schema: z.strictObject({
    method: z.literal('scafcom'),
    beta: z.number().gt(0).max(1).default(0.5).meta({
      says: 'β of that momentum: how much of it is this round’s gradient',
      example: 0.2,
    }),
  }),
  settle: section => section,
  plan: ({ beta }, { head: { layout } }) => ({
    keeps: { own: layout, mean: layout, momentum: layout },
    ...controlled<Own | 'momentum'>(layout, beta < 1, async (increment, { own, mean, momentum }, way) => {
      await inSlices(way.length, 5, (from, to) => {
        for (let k = from; k < to; k++) {
          momentum[k]! += beta * (way[k]! - mean[k]! + own[k]! - momentum[k]!)
          increment[k] = momentum[k]! - own[k]!
        }
      })
    }),
  }),
})

/** Fills in what a control variate is to grow by. @param way - (x − y)/(Kη), the mean step of the round */
type Increment<K extends string> = (increment: Float32Array, keeps: Bundle<K>, way: Float32Array) => Promise<void>

/** @param isDamped - does the model take less of the way than training went? */
function controlled<K extends string>(
  layout: Layout,
  isDamped: boolean,
  fill: Increment<K | Own>,
): Omit<AveragingPlan<'control', K | Own>, 'keeps'> {
  async function say(
    { control }: Bundle<'control'>,
    keeps: Bundle<K | Own>,
    { before, head, trained, learningRate }: AfterTraining,
  ): Promise<void> {
    const { own, mean } = keeps as Bundle<Own>
    // Nothing new is known of the own data then.
    if (trained.steps === 0) return copyInSlices(control, own)
    const scale = 1 / (trained.steps * learningRate)
    const way = new Float32Array(own.length)
    await inSlices(own.length, 3, (from, to) => {
      for (let k = from; k < to; k++) way[k] = (before[k]! - head[k]!) * scale
    })
    await fill(control, keeps, way)
    await inSlices(own.length, 5, (from, to) => {
      for (let k = from; k < to; k++) {
        if (isDamped) head[k] = before[k]! - (mean[k]! + control[k]!) / scale
        control[k]! += own[k]!
      }
    })
  }
  return {
    beside: { control: layout },
    // Each average is of all that was said until now.
    passesOn: false,
    rules: (keeps, { start }) => corrected(layout, keeps as Bundle<Own>, start),
    say,
    async merge(keeps, { own: said, known, average }) {
      const { own, mean } = keeps as Bundle<Own>
      await copyInSlices(own, known.control)
      await copyInSlices(said.control, known.control)
      await average(mean, 'control')
    },
  }
}
