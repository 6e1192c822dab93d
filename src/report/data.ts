import type { RunRecord } from '../watch/record/shape.js'

/*
 * All that a report shows, as JSON carries it into the page. The page's program reads this and nothing else.
 */

/** A table of two columns: what it is, and its value as people read it. */
export type Facts = readonly (readonly [name: string, value: string])[]

/** How a method's weights of other peers are headed. */
export interface WeightsHeading {
  readonly name: string
  readonly label: string
  readonly of: string
}

/** A peer, beside what the record has of its rounds. */
export interface ReportedPeer {
  /** Number of its own samples; null where it is unknown. */
  readonly samples: number | null
  /** Of its last test: labels are rows, answers columns. */
  readonly confusion: readonly (readonly number[])[] | null
}

export interface ReportData {
  /** Name of the run folder. */
  readonly name: string
  /** In a sentence: method, graph, data, peers, rounds. */
  readonly says: string
  readonly measure: 'accuracy' | 'r2' | 'psnr'
  readonly manifest: string
  readonly environment: Facts
  readonly outcome: Facts
  /** What was not merged, by reason. */
  readonly rejected: readonly (readonly [reason: string, times: number])[]
  /** Names of the classes that the model tells apart, where they are known. */
  readonly classes: readonly string[]
  /** By place among the record's members. */
  readonly peers: readonly ReportedPeer[]
  readonly arrangement: 'circle' | 'star' | 'line' | 'force' | { readonly rows: number; readonly columns: number }
  /** By this factor the squared distance to the mean shrinks in a round, by the graph alone; null where it is unknown. */
  readonly contraction: number | null
  /** Figures that the method reports, with their headings. */
  readonly figures: readonly {
    readonly name: string
    readonly label: string
    readonly unit: 'measure' | 'share' | 'number'
  }[]
  readonly weights: readonly WeightsHeading[]
  /** Commands, each with what it does. */
  readonly again: readonly (readonly [command: string, why: string])[]
  readonly paper: { readonly title: string; readonly arxiv: string } | null
  /** Version of Hearsay that made the report. */
  readonly version: string
  readonly record: RunRecord
}
