import type { Objective, Samples, Standardisation } from '../data/index.js'
import type { ModelChoice, PeerData } from '../learner/index.js'
import type { Manifest } from '../node/index.js'
import type { HeadSection, Layout } from '../tensors/index.js'

/** Some records, and the subject that each is of, where the data name subjects (`data.groupColumn`). */
export interface Records {
  readonly samples: Samples
  readonly subjects?: Uint32Array | undefined
}

/** Another peer whose model a neighbour of the audited one hears. */
export interface Companion {
  readonly parameters: Float32Array
  readonly data: PeerData
  /** Decides the order of its batches. */
  readonly number: number
}

/** What a neighbour of the audited peer has and hears, where that is known: in a simulation. */
export interface Observer {
  readonly name: string
  /** Its own model: what it puts in place of parts that the audited peer keeps at home. */
  readonly parameters: Float32Array
  /**
   * Reads those whose models it merges, beside the audited peer's: asked only for a sum.
   *
   * @throws {@link HearsayError} `RUN` where one is missing, of another run, or of another model
   */
  company(): Promise<readonly Companion[]>
}

/** What an audit works on: a peer's model, the records it was trained on, and others of the same kind. */
export interface Audited {
  readonly manifest: Manifest
  /** The peer's. */
  readonly name: string
  /** Its place in the run, which decides the order of its batches. */
  readonly number: number
  readonly model: ModelChoice
  readonly layout: Layout
  /** Which part of the model it hands over. */
  readonly head: HeadSection
  readonly classes: number
  readonly objective: Objective
  /** After the run's last round, on shared memory. */
  readonly parameters: Float32Array
  readonly standardisation: Standardisation
  readonly members: Records
  /** Records that no peer was trained on. */
  readonly others: Records
  /** @default unknown, as in the field */
  readonly observer?: Observer | undefined
}
