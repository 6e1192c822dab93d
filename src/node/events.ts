import type { PeerIdStr } from '../gossip/index.js'
import type { TrainReport } from '../learner/index.js'
import type { Absence, MethodEvent, RefusedHead, Tested } from '../methods/index.js'
import type { ContributionSpent } from '../privacy/index.js'

/** A peer of the run, with its name for people. */
export interface NamedPeer {
  readonly peer: PeerIdStr
  readonly name: string
}

/** What a method reports of a round, peers by their ids. */
export type MethodHappening =
  | (Omit<Extract<MethodEvent, { type: 'exchanged' }>, 'received' | 'absent' | 'still'> & {
      readonly received: readonly PeerIdStr[]
      readonly still?: readonly PeerIdStr[]
      readonly absent: readonly (Omit<Absence, 'peer'> & { readonly peer: PeerIdStr })[]
    })
  | (Omit<Extract<MethodEvent, { type: 'refused' }>, 'heads'> & {
      readonly heads: readonly (Omit<RefusedHead, 'peer'> & NamedPeer)[]
    })
  | (Omit<Extract<MethodEvent, { type: 'muted' }>, 'peers'> & { readonly peers: readonly NamedPeer[] })
  | (Omit<Extract<MethodEvent, { type: 'unmuted' }>, 'peers'> & { readonly peers: readonly NamedPeer[] })
  | (Omit<Extract<MethodEvent, { type: 'aggregated' }>, 'received'> & { readonly received: readonly PeerIdStr[] })
  | Exclude<MethodEvent, { type: 'exchanged' | 'refused' | 'muted' | 'unmuted' | 'aggregated' }>

/** What happens in a peer's run. */
export type Happening =
  | {
      /** In the field, before the first round: the peers that are live, and how many are needed. */
      readonly type: 'waiting'
      readonly live: readonly NamedPeer[]
      readonly wanted: number
    }
  | {
      /** In the field, when peers have come or gone: the peers that take part from this round on. */
      readonly type: 'members'
      readonly members: readonly NamedPeer[]
    }
  | {
      /** In the field, before the first round: peers standardise their columns alike, by sums over all of these. */
      readonly type: 'standardised'
      /** This peer among them unless it joined later. */
      readonly members: readonly NamedPeer[]
      /** The sum in base64, for when this peer comes back. */
      readonly sum: string
      readonly notes: readonly string[]
    }
  | {
      /** In the field, before the first round: no live peer has the sum, and too few are live to compute it anew. */
      readonly type: 'agreeing'
      /** The other live peers. */
      readonly live: readonly NamedPeer[]
      readonly wanted: number
    }
  | {
      /** In the field: peers that standardise by another sum than this one; their heads are not merged. */
      readonly type: 'unlike'
      readonly peers: readonly NamedPeer[]
      /** Whether more than half of the other live peers have another sum: it is then this peer that differs. */
      readonly isMost: boolean
    }
  | {
      /**
       * The others were ahead: a head of theirs was taken over, and the rounds in between are skipped. Or, when this
       * peer comes back, they were behind: it repeats rounds that it has ended, with them.
       */
      readonly type: 'caught-up'
      readonly to: number
    }
  | {
      /** Before the first round. */
      readonly type: 'joined'
      readonly heard: number
      /** Neighbours that the peer begins without. */
      readonly missing: readonly PeerIdStr[]
    }
  | {
      readonly type: 'trained'
      /** Mean training loss over the round's steps. */
      readonly loss: number
      readonly samples: number
      readonly seconds: number
      /** What all training so far has cost, with the manifest's section `privacy`. */
      readonly privacy?: ContributionSpent & Pick<TrainReport, 'gradients'>
    }
  | {
      /** Where participants are sampled: this peer is none in this round, and does not train. */
      readonly type: 'idle'
    }
  | MethodHappening
  | {
      /** By the run's schedule this peer exchanges nothing in this round: it goes on with what it has trained alone. */
      readonly type: 'silent'
    }
  | {
      /**
       * After the test of the last round, where the manifest wants a final merge. The peer's model is the merged one, and
       * its head before is kept beside it.
       */
      readonly type: 'final'
      /** Whose heads did not come or were not believed: the model is merged without them, or with none it is the own one. */
      readonly missed: readonly PeerIdStr[]
      /** Has the head of any other peer become part of the model? */
      readonly isMerged: boolean
      /** The measure on this peer's test samples: of its own model, and of the merged one. */
      readonly own: number
      readonly merged: number
      /** Which of the two is better there; the merged one where they are alike. */
      readonly better: 'own' | 'merged'
    }
  | ({
      /** Only in the rounds that the manifest's section `evaluation` selects, and in the last. */
      readonly type: 'evaluated'
    } & Tested)
  | {
      /** The last event of every round. The peer's parameters do not change until the next event is requested. */
      readonly type: 'ended'
      /** The whole round: training, exchange, merge and evaluation, and the wait for a free worker and neighbours. */
      readonly seconds: number
    }
  | { readonly type: 'finished'; readonly rounds: number }

/** A {@link Happening} of a round; before the first, of the one that the peer is to begin with. */
export type RoundHappening = Happening & { readonly round: number }

/** What a peer reports of a run as it happens: one flat stream, in the order of its rounds. */
export type PeerEvent = RoundHappening & {
  /** Milliseconds since 1970, by this machine's clock. */
  readonly atMs: number
  /** The peer that reports it. */
  readonly peer: PeerIdStr
}

/** Adds to happenings the round that they belong to. */
export async function* inRound(
  round: number,
  happenings: AsyncIterable<Happening>,
): AsyncGenerator<RoundHappening, void, undefined> {
  for await (const happening of happenings) yield { round, ...happening }
}
