import type { PeerIdStr } from '../gossip/index.js'
import type { Absence, MethodEvent, RefusedHead, Tested } from '../methods/index.js'

/** A peer of the run, and what people call it. */
export interface NamedPeer {
  readonly peer: PeerIdStr
  readonly name: string
}

/** What a method reports of a round, peers by their ids. */
export type MethodHappening =
  | (Omit<Extract<MethodEvent, { type: 'exchanged' }>, 'received' | 'absent'> & {
      readonly received: readonly PeerIdStr[]
      readonly absent: readonly (Omit<Absence, 'peer'> & { readonly peer: PeerIdStr })[]
    })
  | (Omit<Extract<MethodEvent, { type: 'refused' }>, 'heads'> & {
      readonly heads: readonly (Omit<RefusedHead, 'peer'> & NamedPeer)[]
    })
  | Exclude<MethodEvent, { type: 'exchanged' | 'refused' }>

/** What happens in a peer's run. */
export type Happening =
  | {
      /** In the field, before the first round: who is there, of how many that are wanted. */
      readonly type: 'waiting'
      readonly live: readonly NamedPeer[]
      readonly wanted: number
    }
  | {
      /** In the field, when peers have come or gone: who takes part from this round on. */
      readonly type: 'members'
      readonly members: readonly NamedPeer[]
    }
  | {
      /** In the field, before the first round: peers see their columns on one scale, by sums over all of these. */
      readonly type: 'standardised'
      /** This peer among them unless it came later. */
      readonly members: readonly NamedPeer[]
      /** For when it comes back, in base64. */
      readonly sum: string
      readonly notes: readonly string[]
    }
  | {
      /** In the field, before the first round: nobody who is here has the sum, and they are too few to add up anew. */
      readonly type: 'agreeing'
      /** The others that are here. */
      readonly live: readonly NamedPeer[]
      readonly wanted: number
    }
  | {
      /** In the field: peers that see their data by other sums than this one; no heads of theirs are merged. */
      readonly type: 'unlike'
      readonly peers: readonly NamedPeer[]
      /** So are more than half of the others that are there: it is this peer that differs. */
      readonly isMost: boolean
    }
  | {
      /**
       * The others were ahead: their head was taken over, and the rounds in between are left out. Or, where a peer comes
       * back, behind: it trains what it has ended once more, with them.
       */
      readonly type: 'caught-up'
      readonly to: number
    }
  | {
      /** Before the first round. */
      readonly type: 'joined'
      readonly heard: number
      /** Neighbours that it begins without. */
      readonly missing: readonly PeerIdStr[]
    }
  | {
      readonly type: 'trained'
      /** Mean training loss over the round's steps. */
      readonly loss: number
      readonly samples: number
      readonly seconds: number
    }
  | MethodHappening
  | ({
      /** Only in the rounds that the manifest's section `evaluation` asks for, and in the last. */
      readonly type: 'evaluated'
    } & Tested)
  | {
      /** Comes last in every round. Until its peer is asked for the next event, its parameters stay as they are. */
      readonly type: 'ended'
      /** The whole round: training, exchange, merge and evaluation, and waiting for a free worker and for neighbours. */
      readonly seconds: number
    }
  | { readonly type: 'finished'; readonly rounds: number }

/** A {@link Happening} of a round; before the first, of the one that the peer is to begin with. */
export type RoundHappening = Happening & { readonly round: number }

/** What a peer tells of a run as it happens: one flat stream, in the order of its rounds. */
export type PeerEvent = RoundHappening & {
  /** Milliseconds since 1970, by this machine's clock. */
  readonly atMs: number
  /** Whose event it is. */
  readonly peer: PeerIdStr
}

/** Gives happenings the round that they are of. */
export async function* inRound(
  round: number,
  happenings: AsyncIterable<Happening>,
): AsyncGenerator<RoundHappening, void, undefined> {
  for await (const happening of happenings) yield { round, ...happening }
}
