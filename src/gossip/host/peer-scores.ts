import type { PeerScoreParams, PeerScoreThresholds, TopicScoreParams } from '@chainsafe/libp2p-gossipsub/score'

/**
 * What counts for and against a peer on a run's topics, presence and published heads. Points are counted per neighbour,
 * for what it passed on:
 *
 * - Invalid messages (the topic's validator returned Reject, or the signature was wrong): minus their number squared;
 *   half of them are forgotten in 7 s. Nine at once are graylisted, an odd one never matters.
 * - Being in the mesh and passing on what is new: up to 10 points, so that a neighbour that has served well does not
 *   fall for its first bad messages, and falls soon after.
 * - Silence costs nothing: a peer that trains for an hour sends nothing for an hour.
 */
export const presenceScore: TopicScoreParams = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0.5,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 14,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -1,
  invalidMessageDeliveriesDecay: 0.9,
}

/** The scores below which a peer is restricted. An honest peer's is never negative. */
export const scoreThresholds: PeerScoreThresholds = {
  /** Gets no gossip about what we have. */
  gossipThreshold: -10,
  /** Our own messages no longer go to it unless it is in the mesh. */
  publishThreshold: -40,
  /** Nothing it sends is looked at. */
  graylistThreshold: -80,
  /** Peers that others recommend are not dialled: the topology decides which peers are neighbours. */
  acceptPXThreshold: 1_000,
  /** Above every score but that of a good mesh: a mesh of silent strangers is mended. */
  opportunisticGraftThreshold: 0.5,
}

/**
 * More than ten peers behind one address are punished by default until every peer ignores them: a simulation on one
 * machine, or a hospital. The list of members decides instead which peers may speak.
 */
export const IPColocationFactorWeight = 0

/** Scores for gossipsub. */
export function scoreParams(topics: Readonly<Record<string, TopicScoreParams>>): Partial<PeerScoreParams> {
  return {
    topics: { ...topics },
    topicScoreCap: 10,
    // Abuse of gossipsub itself: floods of GRAFT before the time is over, IHAVE without what it announces. Squared too.
    behaviourPenaltyWeight: -10,
    behaviourPenaltyThreshold: 2,
    behaviourPenaltyDecay: 0.9,
    IPColocationFactorWeight,
    // How long peers that left are remembered, by ids that cost nothing to make: minutes, not gossipsub's hour.
    retainScore: 10 * 60_000,
  }
}
