import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { PeerScore } from '@chainsafe/libp2p-gossipsub/score'

type Score = Pick<PeerScore, 'rejectInvalidMessage'>

/** One hook for each gossipsub, however many topics are listened to: they end in any order. */
const hooks = new WeakMap<Score, Map<string, () => void>>()

/**
 * Reports messages on a topic that their author has not signed. Gossipsub refuses them before it calls the topic's
 * validator, and reports them to its scores only.
 *
 * @returns a function that ends it; with the last one gossipsub is as it was
 */
export function onForged(pubsub: GossipSub, topic: string, tell: () => void): () => void {
  const { score } = pubsub as unknown as { readonly score: Score }
  const topics = hooks.get(score) ?? hook(score)
  topics.set(topic, tell)
  return () => {
    topics.delete(topic)
    // Removes the override: the method of its class is back.
    if (topics.size === 0 && hooks.delete(score)) Reflect.deleteProperty(score, 'rejectInvalidMessage')
  }
}

function hook(score: Score): Map<string, () => void> {
  const topics = new Map<string, () => void>()
  const punish = score.rejectInvalidMessage
  score.rejectInvalidMessage = function (from, topic) {
    topics.get(topic)?.()
    punish.call(this, from, topic)
  }
  hooks.set(score, topics)
  return topics
}
