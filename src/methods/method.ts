import type * as z from 'zod'
import type { EncodingSection } from '../codec/index.js'
import type { TrainingSpec } from '../learner/index.js'
import type { RuleSection } from '../merge/index.js'
import type { BundleShape, HeadSection } from '../tensors/index.js'
import type { ExchangeSpec, Topology } from '../topology/index.js'
import type { MethodAnswers } from './answers.js'
import type { ReportTexts } from './figures.js'
import type { LocalMethod } from './local-plan.js'
import type { MasksSection } from './masks-section.js'
import type { ReputationUse } from './reputation-use.js'
import type { Roads } from './roads.js'
import type { Session, SessionContext } from './session.js'

/** The manifest's section `merge`, checked: only its method knows what else is in it. */
export interface MethodSection {
  readonly method: string
}

/** What of a manifest says how heads are merged. */
export interface RunAxes {
  readonly merge: MethodSection
  /** Whom to believe, where a rule decides. */
  readonly believe?: RuleSection | undefined
  /** Where heads are hidden in sums. */
  readonly masks?: MasksSection | undefined
  /** What becomes of neighbours' reputation, where there is any. */
  readonly reputation?: ReputationUse | undefined
  /** How numbers travel. */
  readonly encoding?: EncodingSection | undefined
  /** In which rounds peers exchange. */
  readonly exchange?: ExchangeSpec | undefined
}

/** The parts of the rest of a manifest that may affect a method. */
export interface ManifestFacts {
  readonly training: TrainingSpec
  readonly mode: 'sync' | 'async'
  /** In which rounds peers exchange. */
  readonly exchange: ExchangeSpec
  /** Are numbers learned, not classes? */
  readonly isOfValues: boolean
  /** Whom to believe, where a rule decides. */
  readonly believe?: RuleSection | undefined
  /** What becomes of neighbours' reputation, where there is any. */
  readonly reputation?: ReputationUse | undefined
  /** Must all that a peer hands over be made of noised gradients, or be noised itself? */
  readonly isPrivate: boolean
  /** Is the privacy that of all that a peer contributes, and not of its records? */
  readonly isOfContribution: boolean
  /** Are heads hidden in sums? */
  readonly isMasked: boolean
  /** Are what is handed over differences to what the others know already (`encoding.memory`)? @default false */
  readonly remembers?: boolean
}

/** What is wrong with a manifest, and where. */
export interface Problem {
  readonly path: readonly string[]
  readonly message: string
}

/** What a method requires of the other axes of a manifest; a violation is an error that states why. */
export interface Needs {
  /** `head`: only the model's own head can be shared. @default whatever the manifest shares */
  readonly share?: 'head'
  /** Only this mode. @default both */
  readonly mode?: 'sync'
  /**
   * `own`: peers may have bodies of their own, so there is no mean of them and no peer takes over another's.
   * @default alike
   */
  readonly models?: 'own'
  /** `true`: the weighted sum of the neighbours' heads is all that it needs of them, so that masks may hide each. */
  readonly sums?: true
  /** `true`: what peers hand over must keep its mean, so that no codec may lose any of it for good. */
  readonly mean?: true
  /** `true`: what peers hand over must come as it is, so that no codec may lose any of it, for a while or for good. */
  readonly exact?: true
  /** `true`: a merge must leave all peers alike, so that none may go part of the way. */
  readonly alike?: true
  /**
   * `true`: what peers hand over are updates of an anchor that all have in common, and the method itself says later what
   * a codec loses of them.
   */
  readonly updates?: true
}

/** What is known of a run before it is set up. */
export interface RunFacts {
  readonly isOfValues: boolean
  readonly head: HeadSection
}

/** A method in one run: what it puts on its road, and how it starts in a peer. */
export interface Plan {
  /** Exchanges in a round; 0 for none. */
  readonly steps: number
  /** Does it carry more than the model from round to round, which every exchange renews? @default false */
  readonly keepsState?: boolean
  /** What travels, `head` first; on the road `log` the scalars of a round. */
  readonly says: BundleShape
  /** On the road `log`: rounds from one snapshot to the next. */
  readonly snapshotEvery?: number
  start(context: SessionContext, roads: Roads): Session
}

/**
 * A way of learning together. What papers call a method is a point in a space of axes (docs/architecture.md); one file
 * defines it.
 */
export interface Method<S extends MethodSection = MethodSection> {
  /** As the manifest names it. */
  readonly name: string
  /** What it does, in one line: for `--help`, `hearsay init` and docs/manifest.md. */
  readonly says: string
  readonly paper?: { readonly title: string; readonly arxiv: string }
  /** The section as written; its fields carry their texts. */
  readonly schema: z.ZodType<S>
  /**
   * `neighbours` for what only they need, on streams; `everybody` for what all need, published; `log` for a few numbers
   * that all need of every round.
   */
  readonly road: keyof Roads
  readonly needs: Needs
  /** The problems of a section with the rest of a manifest. @default nothing */
  check?(section: S, facts: ManifestFacts): readonly Problem[]
  /**
   * The section with every number in it that decides the run's: it goes into the canonical manifest, so that the run's
   * id pins it. Idempotent: what is settled already is kept.
   */
  settle(section: S, facts: ManifestFacts): S
  /** What it requires of local training, also of a peer alone: baselines train so. */
  local(section: S): LocalMethod
  /** @throws {@link HearsayError} `MANIFEST` for a graph it cannot work on */
  checkTopology?(section: S, topologyOf: () => Topology): void
  plan(section: S, facts: RunFacts): Plan
  /** What it reports beside loss and quality, for people. @default nothing */
  readonly reports?: ReportTexts
  /** How a peer answers after its run. @default as its model does */
  readonly answers?: MethodAnswers<S>
  /** Modules that bring its own rules or jobs to the learner's workers: see {@link LearnerPoolInit.modules}. @default none */
  readonly modules?: () => readonly URL[]
}
