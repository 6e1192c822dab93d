/** Numbers that a method reports beside what every round has. `Method.reports` describes them to people. */
export interface Reported {
  /** By name, one number each. */
  readonly figures?: Readonly<Record<string, number>>
  /** By name, numbers for other peers and for this one, by their ids. */
  readonly perPeer?: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** How people read a figure. One without a text is in metrics.jsonl and nowhere else. */
export interface FigureText {
  /** Heads its column, or stands before it in a line: "own head". */
  readonly label: string
  /** `measure` for the run's own, as of accuracies; `share` for what is read in percent; `count` for whole numbers. */
  readonly unit: 'measure' | 'share' | 'number' | 'count'
}

/** How people read weights that a peer gives to peers, which together are 1. */
export interface WeightsText {
  /** Heads their table, before the peers that weights are given to: "listens to". */
  readonly label: string
  /** What its own weight is given to: "own head". */
  readonly own: string
  /** What any other is given to: "expert". */
  readonly other: string
  /** What the weights are shares of: "an answer". */
  readonly of: string
}

/** How people read numbers that a peer has of peers, and that are no shares. */
export interface NumbersText {
  readonly unit: 'number'
  /** Heads their table, before the peers that they are of: "gains from". */
  readonly label: string
  /** What each of them is: "how much less the loss is". */
  readonly of: string
}

/** Are they shares of one whole? */
export function areShares(text: WeightsText | NumbersText): text is WeightsText {
  return !('unit' in text)
}

/** What a method reports, for people: of its merges in the line of a round, of its tests in the table of peers. */
export interface ReportTexts {
  readonly figures?: Readonly<Record<string, FigureText>>
  readonly perPeer?: Readonly<Record<string, WeightsText | NumbersText>>
}

/** What is reported of merges with masks, since the peer's process started. */
export const maskReports: ReportTexts = {
  figures: { void: { label: 'void rounds', unit: 'count' }, clamped: { label: 'clamped', unit: 'count' } },
}

/** What is reported of merges by a rule: the weight that each head was given. */
export const ruleReports: ReportTexts = {
  perPeer: { believed: { label: 'believes', own: 'own head', other: 'neighbour', of: 'a merge' } },
}

/** What is reported of neighbours in the long run. */
export const reputationReports: ReportTexts = {
  perPeer: {
    gain: {
      unit: 'number',
      label: 'gains from',
      of: 'Loss on held-back samples less that after a step towards the other, of the length that a mean takes; running mean',
    },
    cosine: {
      unit: 'number',
      label: 'goes with',
      of: 'Cosine of the other’s head with the merged step, both from where the round began; running mean',
    },
  },
}
