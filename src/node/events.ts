import type { MethodEvent, Tested } from '../methods/index.js'

/** What a peer tells of a run as it happens: one flat stream, in the order of its rounds. */
export type PeerEvent =
  | {
      /** In the field, before the first round: who is there, of how many that are wanted. */
      readonly type: 'waiting'
      readonly peer: number
      readonly live: readonly string[]
      readonly wanted: number
    }
  | {
      /** In the field, when peers have come or gone: who takes part from this round on, by name. */
      readonly type: 'members'
      readonly peer: number
      readonly round: number
      /** In the order that numbers in this peer's events count. */
      readonly names: readonly string[]
    }
  | {
      /** In the field, before the first round: peers see their columns on one scale, by sums over all of these. */
      readonly type: 'standardised'
      readonly peer: number
      /** By name, this peer among them unless it came later. */
      readonly members: readonly string[]
      /** For when it comes back, in base64. */
      readonly sum: string
      readonly notes: readonly string[]
    }
  | {
      /** In the field, before the first round: nobody who is here has the sum, and they are too few to add up anew. */
      readonly type: 'agreeing'
      readonly peer: number
      /** The others that are here, by name. */
      readonly live: readonly string[]
      readonly wanted: number
    }
  | {
      /** In the field: peers that see their data by other sums than this one; no heads of theirs are merged. */
      readonly type: 'unlike'
      readonly peer: number
      readonly names: readonly string[]
      /** So are more than half of the others that are there: it is this peer that differs. */
      readonly isMost: boolean
    }
  | {
      /**
       * The others were ahead: their head was taken over, and the rounds in between are left out. Or, where a peer comes
       * back, behind: it trains what it has ended once more, with them.
       */
      readonly type: 'caught-up'
      readonly peer: number
      readonly round: number
      readonly to: number
    }
  | { readonly type: 'joined'; readonly peer: number; readonly heard: number; readonly missing: readonly number[] }
  | {
      readonly type: 'trained'
      readonly peer: number
      readonly round: number
      /** Mean training loss over the round's steps. */
      readonly loss: number
      readonly samples: number
      readonly seconds: number
    }
  /** What the method reports of an exchange and its merge. */
  | (MethodEvent & { readonly peer: number; readonly round: number })
  | ({
      /** Only in the rounds that the manifest's section `evaluation` asks for, and in the last. */
      readonly type: 'evaluated'
      readonly peer: number
      readonly round: number
    } & Tested)
  | {
      /** Comes last in every round. Until its peer is asked for the next event, its parameters stay as they are. */
      readonly type: 'ended'
      readonly peer: number
      readonly round: number
      /** The whole round: training, exchange, merge and evaluation, and waiting for a free worker and for neighbours. */
      readonly seconds: number
    }
  | { readonly type: 'finished'; readonly peer: number; readonly rounds: number }
