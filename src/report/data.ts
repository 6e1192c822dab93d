import type { Primary } from '../data/index.js'
import type { Arrangement } from '../topology/index.js'
import type { RunRecord } from '../watch/record/shape.js'
import type { KeptSummary } from './summary.js'

/*
 * What the pages of a run show, as JSON carries it there. A page's program reads this and nothing else.
 */

/** A table of two columns: what it is, and its value as people read it. */
export type Facts = readonly (readonly [name: string, value: string])[]

/** How a method's weights of other peers are headed. */
export interface WeightsHeading {
  readonly name: string
  readonly label: string
  readonly of: string
  /** Are they parts of one whole, or numbers? */
  readonly unit: 'share' | 'number'
}

/** A peer, beside what the record has of its rounds. */
export interface ReportedPeer {
  /** Number of its own samples; null where it is unknown. */
  readonly samples: number | null
  /** Of its last test: labels are rows, answers columns. */
  readonly confusion: readonly (readonly number[])[] | null
}

/** How peers are best put on paper: as their topology says, or as their edges pull them. */
export type Placement = Arrangement | 'force'

/** A figure that the method reports, with its heading. */
export interface FigureHeading {
  readonly name: string
  readonly label: string
  readonly unit: 'measure' | 'share' | 'number' | 'count'
}

/** What reports and dashboards take from a run folder as it is: the same before and after it is joined with events. */
interface Described {
  /** Name of the run folder. */
  readonly name: string
  readonly measure: 'accuracy' | 'r2' | 'psnr'
  /** The figure that is shown first. */
  readonly primary: Primary
  readonly manifest: string
  /** Names of the classes that the model tells apart, where they are known. */
  readonly classes: readonly string[]
  readonly arrangement: Placement
  /** By this factor the squared distance to the mean shrinks in a round, by the graph alone; null where it is unknown. */
  readonly contraction: number | null
  readonly figures: readonly FigureHeading[]
  readonly weights: readonly WeightsHeading[]
  readonly paper: { readonly title: string; readonly arxiv: string } | null
  /** Version of Hearsay that made the page. */
  readonly version: string
}

/** What the files of a run folder hold beside its events. */
export interface RunAbout extends Described {
  /** The folder's path, as a person has named it. */
  readonly folder: string
  readonly mode: 'sync' | 'async'
  /** Peers and rounds that the manifest asks for. */
  readonly peers: number
  readonly rounds: number
  readonly method: string
  readonly set: string
  /** On which graph peers stand: "a ring"; null where each hears all others. */
  readonly graph: string | null
  readonly summary: KeptSummary
}

/** The same and the run's events: all that a page shows. */
export interface ReportData extends Described {
  /** In a sentence: method, graph, data, peers, rounds. */
  readonly says: string
  readonly environment: Facts
  readonly outcome: Facts
  /** What was not merged, by reason. */
  readonly rejected: readonly (readonly [reason: string, times: number])[]
  /** By place among the record's members. */
  readonly peers: readonly ReportedPeer[]
  /** What an interrupted run was not tested of, in a sentence; null where there is nothing to say. */
  readonly untested: string | null
  /** Commands, each with what it does. */
  readonly again: readonly (readonly [command: string, why: string])[]
  readonly record: RunRecord
}
