import type { MethodEvent, Participant } from '../methods/index.js'
import type { MethodHappening } from './events.js'

/**
 * What a method reports, with peer ids in place of numbers. A method's numbers are places among the members of one round,
 * and mean nothing outside of it.
 */
export function byId(event: MethodEvent, members: readonly Participant[]): MethodHappening {
  const idOf = (number: number): string => members[number]!.peerId.toString()
  switch (event.type) {
    case 'exchanged': {
      const { still, ...rest } = event
      return {
        ...rest,
        ...(still && { still: still.map(idOf) }),
        received: event.received.map(idOf),
        absent: event.absent.map(({ peer, reason }) => ({ peer: idOf(peer), reason })),
      }
    }
    case 'refused':
      return { ...event, heads: event.heads.map(head => ({ ...head, peer: idOf(head.peer) })) }
    case 'aggregated':
      return { ...event, received: event.received.map(idOf) }
    case 'muted':
    case 'unmuted':
      return { ...event, peers: event.peers.map(one => ({ ...one, peer: idOf(one.peer) })) }
    default:
      return event
  }
}
