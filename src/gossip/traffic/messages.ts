import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'
import { purposeOf } from './purpose-of.js'
import type { Direction, Traffic } from './traffic.js'

/** What gossipsub sends and receives at once. */
interface Rpc {
  readonly messages: readonly { readonly topic?: string; readonly from?: Uint8Array; readonly data?: Uint8Array }[]
}

interface Inner {
  sendRpc(to: string, rpc: Rpc): boolean
  handleReceivedRpc(from: PeerId, rpc: Rpc): Promise<void>
}

/**
 * Counts the contents of gossipsub's messages by what their topics are for; those that come from a peer which is not
 * their author, or go from it, as forwarded.
 */
export function meterMessages<T extends GossipSub>(pubsub: T, self: PeerId, traffic: Traffic): T {
  // Private, as what `onForged` needs: what gossipsub reports itself are copies, without their bytes.
  const inner = pubsub as unknown as Inner
  const count = (direction: Direction, sender: PeerId, { messages }: Rpc): void => {
    const author = sender.toMultihash().bytes
    for (const { topic = '', from, data } of messages) {
      const purpose = purposeOf(topic)
      if (purpose === undefined || data === undefined) continue
      const isOwn = from !== undefined && equals(from, author)
      traffic.add(direction, isOwn ? purpose : 'forwarded', data.length)
    }
  }
  const send = inner.sendRpc.bind(inner)
  inner.sendRpc = (to, rpc) => {
    const isSent = send(to, rpc)
    if (isSent) count('sent', self, rpc)
    return isSent
  }
  const receive = inner.handleReceivedRpc.bind(inner)
  inner.handleReceivedRpc = (from, rpc) => {
    count('received', from, rpc)
    return receive(from, rpc)
  }
  return pubsub
}
