import * as z from 'zod'
import { type Augmentation, augmentSchema } from '../learner/index.js'
import { expertLimit } from './experts.js'

/** Wider than any model's features here; bounds what a manifest from a stranger can make a peer allocate. */
const widthLimit = 4096

/**
 * The manifest's section `merge` with the method `mixture`: a mixture of experts over exchanged heads (dFLMoE, arXiv
 * 2503.10412; ALGORITHMS.md 4.2). The paper leaves schedule, widths and starts open; here they are options.
 */
const fields = z.strictObject({
  method: z.literal('mixture'),
  /**
   * - `alternate`: in a round first local training of body and head as ever; after the exchange of heads the transforms
   *   and the gate, with the body and the received heads frozen
   * - `joint`: both at once, by one loss a·L_local + (1−a)·L_mixture, where a falls quadratically from 1 over the run;
   *   the mixture's part sends no gradient into the body
   */
  schedule: z
    .enum(['alternate', 'joint'])
    .default('alternate')
    .meta({ says: 'alternate: local training, then transforms and gate; joint: all at once' }),
  /** d_a: width of the gate's queries and keys. A prediction has few numbers, so few tell them apart. @default 32 */
  attention: z
    .int()
    .min(1)
    .max(widthLimit)
    .optional()
    .meta({ says: "Width of the gate's queries and keys", example: 16 }),
  /** Width of W_com's output. Narrower costs less and starts as less than the identity. @default the features' width */
  projection: z
    .int()
    .min(1)
    .max(widthLimit)
    .optional()
    .meta({ says: 'Width of the shared transform; left out, that of the features', example: 32 }),
  /** Passes over the peer's samples to train transforms and gate, in a round. Only `alternate`. @default 1 */
  epochs: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .meta({ says: 'Passes over the samples to train transforms and gate', example: 2 }),
  /**
   * η of transforms and gate, without decay. Only `alternate`; `joint` has that of the section training.
   * @default 0.05: on digits (4 peers, client-wise Dirichlet 0.3, 12 rounds, seeds 1 and 2) 92.2 and 96.3 % right on
   *   data like the peer's own, for 91.7 and 95.2 % at 0.01 and 91.9 and 94.5 % at 0.003
   */
  learningRate: z.number().positive().max(1000).optional().meta({ says: 'Of transforms and gate', example: 0.01 }),
  /** Momentum of transforms and gate, starting at zero every round. Only `alternate`. @default 0.9 */
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .meta({ says: 'Of transforms and gate, starting at zero every round', example: 0.5 }),
  /**
   * Largest 2-norm of a gradient over all weights of the mixture: bounds what one absurd head can do to them in a step.
   * Only `alternate`; `joint` has that of the section training. @default 1
   */
  clip: z.number().positive().optional().meta({ says: 'Longest gradient of transforms and gate', example: 2 }),
  /**
   * How images are varied while transforms and gate are trained. Only `alternate`; `joint` has that of the section
   * training. The samples of (c) are those that the body and the own head have fitted already: as they are, there is
   * little to learn from them for the gate. On PneumoniaMNIST (4 peers at resolutions 1 to 8, learning rate 0.01,
   * momentum 0.9, 10 rounds, seeds 1 to 3, a plain copy of this maths) shifts of up to 2 pixels brought the mixture from
   * 0.3 ± 0.3 to 2.1 ± 0.1 points above the own head, and its loss from 0.58 to 0.41; the same shifts in local training
   * did nothing for the own head. It costs a pass through the body each epoch. @default that of the section training
   */
  augment: augmentSchema
    .optional()
    .meta({ says: 'Images, while transforms and gate are trained; left out, as in training', example: { crop: 2 } }),
  /**
   * What the experts put out, P: the numbers as they leave the heads, or for classes the softmax of them, where no expert
   * can shout another down. Probabilities have no W_v: what a free matrix makes of them is no distribution any more,
   * and its logarithm in the loss has gradients without bound; training got stuck.
   *
   * @default probabilities for classes: on PneumoniaMNIST (4 peers at resolutions 1 to 8, seeds 1 and 2) the accuracy of
   *   logits at a lower loss, 0.53 and 0.81 for 0.66 and 0.95; and with one head of noise among three experts a loss of
   *   0.32 for 1.55 (the setting of "an absurd head" in test/mixture/learner.test.ts). Logits for values, which have
   *   no softmax
   */
  tokens: z
    .enum(['logits', 'probabilities'])
    .optional()
    .meta({ says: 'What experts return: probabilities (of classes) or logits', example: 'logits' }),
  /**
   * Does the gate see features with a mean square of 1, and logits as probabilities? The scores are products of both,
   * so with numbers as large as a model likes to make them a few steps choose one expert for ever: with logits as
   * tokens and no bound on the gradient, the own head had 99 % of the weight on digits after 12 rounds (25 %
   * normalised, with the lower loss), and PneumoniaMNIST diverged. false is the formula as published. @default true
   */
  normalise: z
    .boolean()
    .optional()
    .meta({ says: 'Does the gate see numbers of one size? false is the published formula', example: false }),
  /**
   * Momentum of local training. A peer that keeps a body has all of it to train alone, and momentum brings it further in
   * the same rounds (DESIGN.md: 91.4 % instead of 81.0 % after ten on MNIST). Its steps are ten times as long, which few
   * samples do not bear at the default learning rate: on PneumoniaMNIST, 1,177 samples a peer, 15 rounds alone, seeds 1
   * to 3, a plain copy of this maths gave 83.1 ± 1.8 % at 0.05 (loss 0.90), 83.8 ± 1.9 % at 0.01 (0.69), and
   * 84.4 ± 0.4 % at 0.05 without momentum (0.58). There, set training.learningRate to 0.01.
   */
  localMomentum: z.number().min(0).lt(1).default(0.9).meta({ says: 'Of local training beside the mixture' }),
  /** Does the mixture's loss move the own head too? Else only local training does. */
  trainHead: z.boolean().default(false).meta({ says: "Does the mixture's loss move the own head too?" }),
  /** Rounds of local training alone, before transforms and gate are trained: heads that know nothing teach nothing. */
  warmUp: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .meta({ says: 'Rounds of local training alone, before transforms and gate' }),
  /**
   * At most so many received heads take part in a round: those never tried before first, then those with the highest
   * mean gate weight when last tried. Bounds cost and memory where peers are many. @default all
   */
  topExperts: z
    .int()
    .min(1)
    .max(expertLimit)
    .optional()
    .meta({ says: 'At most so many received heads take part; left out, all', example: 8 }),
  /** `mean` adds the predictions up with equal weights and learns no gate: the paper's ablation "without MoE". */
  gate: z.enum(['attention', 'mean']).default('attention').meta({ says: 'attention, or mean: all weigh the same' }),
  /** false gives the features to received heads as they are: the paper's ablation "without FST". */
  transform: z.boolean().default(true).meta({ says: 'false gives the features to received heads as they are' }),
})

/** Options that would silently do nothing beside another. */
const idle: readonly {
  readonly option:
    | 'attention'
    | 'normalise'
    | 'projection'
    | 'epochs'
    | 'learningRate'
    | 'momentum'
    | 'clip'
    | 'augment'
  readonly beside: (spec: z.output<typeof fields>) => string | undefined
}[] = [
  ...(['attention', 'normalise'] as const).map(option => ({
    option,
    beside: ({ gate }: z.output<typeof fields>) => (gate === 'mean' ? 'gate: mean' : undefined),
  })),
  { option: 'projection', beside: ({ transform }) => (transform ? undefined : 'transform: false') },
  ...(['epochs', 'learningRate', 'momentum', 'clip', 'augment'] as const).map(option => ({
    option,
    beside: ({ schedule }: z.output<typeof fields>) => (schedule === 'joint' ? 'schedule: joint' : undefined),
  })),
]

/** The section `merge` of method `mixture`. */
export const mixtureSchema = fields.superRefine((spec, context) => {
  for (const { option, beside } of idle) {
    const other = beside(spec)
    if (spec[option] === undefined || other === undefined) continue
    context.addIssue({
      code: 'custom',
      path: [option],
      message: `does nothing beside ${other}; remove one of the two`,
    })
  }
})

/** The section as written, checked. */
export type MixtureSpec = z.output<typeof mixtureSchema>
/** The section as a person writes it. */
export type MixtureInput = z.input<typeof mixtureSchema>

/** The section with every number settled. */
export interface MixtureSettings {
  /** What heads predict. */
  readonly task: 'classes' | 'values'
  readonly schedule: 'alternate' | 'joint'
  /** d_a. */
  readonly attention: number
  /** Undefined: the features' width, which only the model knows. */
  readonly projection: number | undefined
  /** Of the alternate schedule. */
  readonly epochs: number
  readonly learningRate: number
  readonly momentum: number
  readonly clip: number
  /** Undefined: as local training does. */
  readonly augment: Augmentation | undefined
  readonly tokens: 'logits' | 'probabilities'
  readonly normalise: boolean
  readonly trainHead: boolean
  readonly warmUp: number
  /** Infinity: all. */
  readonly topExperts: number
  readonly gate: 'attention' | 'mean'
  readonly transform: boolean
}

/** What heads predict: classes, or numbers (regression, restored images). */
type TaskOfHeads = MixtureSettings['task']

/** What of the section does not go with what heads predict. */
export function mixtureProblems(spec: MixtureSpec, task: TaskOfHeads): { field: keyof MixtureSpec; message: string }[] {
  if (task === 'classes') return []
  return [
    ...(spec.tokens === 'probabilities'
      ? [
          {
            field: 'tokens' as const,
            message: 'probabilities are of classes, and this run predicts values; use logits',
          },
        ]
      : []),
    ...(spec.augment === undefined
      ? []
      : [{ field: 'augment' as const, message: 'varies images of classes, and this run predicts values; remove it' }]),
  ]
}

/** What a field means where it is not set: no schema can say, as it may only be set where it has a meaning. */
const usual = { attention: 32, normalise: true, epochs: 1, learningRate: 0.05, momentum: 0.9, clip: 1 } as const

/**
 * The section with every number that has a meaning beside the others.
 *
 * @param local - how local training varies images, and mixtures of classes where they do not say otherwise
 */
export function settleMixture(spec: MixtureSpec, task: TaskOfHeads, local?: Augmentation): MixtureSpec {
  const { attention, normalise, epochs, learningRate, momentum, clip, tokens } = resolveMixture(spec, task)
  const augment = spec.augment ?? (task === 'classes' ? local : undefined)
  return {
    ...spec,
    tokens,
    ...(spec.gate === 'attention' && { attention, normalise }),
    ...(spec.schedule === 'alternate' && { epochs, learningRate, momentum, clip, ...(augment && { augment }) }),
  }
}

/** The settings that a section means, settled or not. */
export function resolveMixture(spec: MixtureSpec, task: TaskOfHeads = 'classes'): MixtureSettings {
  const { schedule, trainHead, warmUp, gate, transform, projection, augment } = spec
  return {
    task,
    schedule,
    attention: spec.attention ?? usual.attention,
    projection,
    epochs: spec.epochs ?? usual.epochs,
    learningRate: spec.learningRate ?? usual.learningRate,
    momentum: spec.momentum ?? usual.momentum,
    clip: spec.clip ?? usual.clip,
    augment,
    tokens: spec.tokens ?? (task === 'classes' ? 'probabilities' : 'logits'),
    normalise: spec.normalise ?? usual.normalise,
    trainHead,
    warmUp,
    topExperts: spec.topExperts ?? Number.POSITIVE_INFINITY,
    gate,
    transform,
  }
}

/**
 * The local loss's share a of the joint schedule: 1 − t², with t from 0 in the first round after the warm-up to 1 at
 * the end of the run. Of the two ways to fall quadratically (the other is (1 − t)²) the one that trains the body longer:
 * nothing but the local loss does. It never reaches 0, so every round trains the body a little.
 *
 * @param round - from 0
 * @param rounds - of the whole run
 */
export function localShare({ warmUp }: Pick<MixtureSettings, 'warmUp'>, round: number, rounds: number): number {
  const t = Math.max(0, round - warmUp) / Math.max(1, rounds - warmUp)
  return 1 - Math.min(1, t) ** 2
}
