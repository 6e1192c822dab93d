import type { Measure, Primary } from '../data/index.js'
import type { Manifest } from '../node/index.js'

/*
 * Runs side by side, as plain data that JSON carries: into the page, to `--json`, and to whatever prints it. Nothing here
 * knows Node.
 */

/** By round; null where a round has none. */
export type Values = readonly (number | null)[]

/** What a run's rounds have, to be drawn. */
export const columnNames = [
  /** The table's figure of the peers' own models, mean over the peers. */
  'quality',
  /** The same of the worst peer; of one peer alone there is none. */
  'worst',
  /** The same of the peers' averaged model, where the figure is the run's measure. */
  'averaged',
  'distance',
  /** What a peer has sent since the run began, mean over the peers. */
  'bytes',
  /** Since the run began. */
  'seconds',
] as const

export type ColumnName = (typeof columnNames)[number]

/** What a run amounts to. */
export const figureNames = [
  'quality',
  'worst',
  'averaged',
  'distance',
  /** Sent by a peer in a round, on average. */
  'bytes',
  'seconds',
  /** Rounds until its quality has reached the table's target. */
  'reached',
] as const

export type FigureName = (typeof figureNames)[number]

export type RunFigures = Readonly<Record<FigureName, number | null>>

/** One run: a simulation, or what the peers of a run in the field have kept. */
export interface ComparedRun {
  /** As they were named. Several only in the field, where each is one peer's. */
  readonly folders: readonly string[]
  /** Its id in hex. */
  readonly run: string
  readonly seed: number
  readonly rounds: number
  /** The manifest's rounds. */
  readonly wanted: number
  /** False where it was interrupted, goes on, or was killed: it is compared at the rounds that it has. */
  readonly isComplete: boolean
  /** Its folders that are not complete, and the rounds that each has. */
  readonly incomplete: readonly { readonly folder: string; readonly rounds: number }[]
  /** Of the last round that was tested. */
  readonly figures: RunFigures
}

/** A number over seeds. */
export interface Spread {
  readonly mean: number
  /** Of the sample, so divided by n − 1; null of one seed. */
  readonly deviation: number | null
}

/** Runs whose manifests are equal but for the seed. */
export interface ComparedVariant {
  /** The fields that tell it from the others: "merge.method: dfedsam, topology.kind: ring". */
  readonly label: string
  /** By the table's fields; null where this variant does not have the field. */
  readonly values: readonly (string | null)[]
  /** By seed. */
  readonly runs: readonly ComparedRun[]
  readonly figures: Readonly<Record<FigureName, Spread | null>>
  /**
   * What stands beside the quality, of the runs whose summaries have it: figures by name, and the quality of each peer
   * alone (`localOnly`) and of all data in one place (`centralised`).
   */
  readonly beside?: Readonly<Record<string, Spread>>
  /** The rounds that all its runs have, over the runs. */
  readonly course: Course
  /** Null of the baseline itself. */
  readonly difference: Difference | null
}

export interface Course {
  /** As people count them, from 1. */
  readonly rounds: readonly number[]
  readonly columns: Readonly<Record<ColumnName, { readonly mean: Values; readonly deviation: Values }>>
}

/** How much the quality differs from the baseline's, over the seeds that both have. */
export interface Difference {
  readonly seeds: readonly number[]
  /** Null without a seed that both have. */
  readonly mean: number | null
  /** 95 %, by the bootstrap's percentiles; null with fewer than three seeds. */
  readonly interval: readonly [low: number, high: number] | null
}

/** Variants that learn the same from the same data, so that their figures can be compared. */
export interface ComparedTable {
  /** The data set, and what is predicted where the manifests name it. */
  readonly data: string
  readonly measure: Measure
  /** Which figure `quality` is. */
  readonly primary: Primary
  /** Is less of it better? */
  readonly isError: boolean
  /** The quality that every run has reached at least once: the worst of the runs' best. */
  readonly target: number | null
  /** Dotted paths of the manifests' fields that differ. */
  readonly fields: readonly string[]
  /** Those of them that the labels are made of. */
  readonly named: readonly string[]
  /** In the order in which the folders were named. */
  readonly variants: readonly ComparedVariant[]
  /** Place of the variant that the others are compared to. */
  readonly baseline: number
}

export interface Comparison {
  readonly tables: readonly ComparedTable[]
  /** What is to be known of the runs, a sentence each. */
  readonly notes: readonly string[]
  /** Version of Hearsay that compared. */
  readonly version: string
}

/** Files that a comparison is written to, by what they are. */
export interface ComparisonFiles {
  /** A page for a browser, which needs no network. */
  readonly html?: string | undefined
  /** A row for each run. */
  readonly csv?: string | undefined
  /** Tables for the package booktabs. */
  readonly latex?: string | undefined
}

export interface CompareOptions {
  /** The variant that the others are compared to: its number in the table, from 1, or the best. @default 1 */
  readonly baseline?: number | 'best' | undefined
  /**
   * Manifests of all runs that these belong to, as of a sweep of which some are done: variants are named by the fields
   * that tell all those apart. @default what tells these apart
   */
  readonly among?: readonly Manifest[] | undefined
  readonly signal?: AbortSignal | undefined
}
