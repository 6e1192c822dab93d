import { type GossipSub, type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { HearsayHost } from '../host/hearsay-host.js'
import { onForged } from './forgeries.js'
import type { SignedMessage } from './signed-message.js'

export interface TopicInit {
  readonly name: string
  /**
   * Judges a message of another author, whose signature gossipsub has verified. What it does not accept is neither kept
   * nor passed on; what it rejects counts against the sender.
   *
   * @param sender - the peer that passed the message on
   */
  readonly validate: (message: SignedMessage, sender: PeerId) => TopicValidatorResult | Promise<TopicValidatorResult>
  /** Called for each message that is not signed by the author that it names. */
  readonly onForged: () => void
}

/** One gossipsub topic of a run, joined once and left once. */
export interface Topic {
  readonly isJoined: boolean
  /** Nothing happens after `leave`. Idempotent. */
  join(): void
  /** For good. Idempotent. */
  leave(): void
  /**
   * Publishes a message; nothing happens while the topic is not joined.
   *
   * @returns the number of peers to which the message was sent
   */
  publish(data: Uint8Array): Promise<number>
}

/** Creates a topic that is not joined yet. */
export function createTopic({ services: { pubsub }, peerId }: HearsayHost, init: TopicInit): Topic {
  const { name } = init
  let joined: GossipSub | undefined
  let hasLeft = false
  let ignoreForged = (): void => {}

  function validate(sender: PeerId, message: Message): TopicValidatorResult | Promise<TopicValidatorResult> {
    if (message.type !== 'signed' || message.from.equals(peerId)) return TopicValidatorResult.Ignore
    const { from: author, sequenceNumber: sequence, data, signature } = message
    return init.validate({ author, sequence, data, signature }, sender)
  }

  return {
    get isJoined() {
      return joined !== undefined
    },
    join() {
      if (joined !== undefined || hasLeft) return
      if (pubsub === undefined) throw new Error(`This host publishes nothing, and cannot join ${name}`)
      joined = pubsub
      joined.topicValidators.set(name, validate)
      ignoreForged = onForged(joined, name, init.onForged)
      joined.subscribe(name)
    },
    leave() {
      joined?.unsubscribe(name)
      joined?.topicValidators.delete(name)
      ignoreForged()
      joined = undefined
      hasLeft = true
    },
    async publish(data) {
      return joined === undefined ? 0 : (await joined.publish(name, data)).recipients.length
    },
  }
}
