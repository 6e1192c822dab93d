import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { type PeerIdStr, type Presence, presenceProtocol } from '../gossip/index.js'
import { peersLimit } from '../topology/index.js'

/** What a peer tells a newcomer about the run: who is there, and which share of the partition is free. */
export interface RunView {
  readonly peers: readonly { readonly name: string; readonly round: number; readonly share?: number | undefined }[]
  /** For who asks; absent when all shares are taken. */
  readonly share?: number | undefined
  /** Some peer has handed over a head: newcomers go on where the others are. */
  readonly hasBegun: boolean
}

const viewSchema = z.strictObject({
  peers: z
    .array(
      z.strictObject({
        name: z.string().max(presenceProtocol.limits.nameLength),
        round: z.int().min(0),
        share: z.int().min(0).max(peersLimit).optional(),
      }),
    )
    .max(peersLimit),
  share: z.int().min(0).max(peersLimit).optional(),
  hasBegun: z.boolean(),
})

export interface SharesInit {
  /** This peer is in its rounds. */
  readonly hasBegun: () => boolean
  readonly presence: Presence
  readonly name: string
  /** This peer's own share, if it has one. */
  readonly own: number | undefined
  /** How many the partition has. */
  readonly shares: number
}

/** So many newcomers' shares are remembered; who asked before them is heard of by now, or gone. */
const promisesLimit = 256

/**
 * Answers newcomers, each with a share that nobody has: neither those who are there nor another newcomer who asked
 * here a moment ago. Two who ask different peers at the same time may get the same one; they then train on the same
 * samples, which harms nobody.
 */
export function createShares({ presence, name, own, shares, hasBegun }: SharesInit): (asker: PeerIdStr) => Uint8Array {
  const promised = new Map<PeerIdStr, number>()
  return asker => {
    const live = presence.live().map(peer => ({ peer, report: presence.heard().get(peer)! }))
    const taken = new Set([own, ...live.filter(({ peer }) => peer !== asker).map(({ report }) => report.share)])
    for (const [peer, share] of promised) if (peer !== asker) taken.add(share)
    const before = promised.get(asker)
    const free =
      before !== undefined && !taken.has(before)
        ? before
        : Array.from({ length: shares }, (_, share) => share).find(share => !taken.has(share))
    if (free !== undefined) promised.set(asker, free)
    for (const peer of promised.keys()) if (promised.size > promisesLimit) promised.delete(peer)
    const view: RunView = {
      peers: [
        { name, round: 0, share: own },
        ...live.map(({ report }) => ({ name: report.name, round: report.round, share: report.share })),
      ],
      share: free,
      hasBegun: hasBegun() || live.some(({ report }) => report.head !== undefined),
    }
    return new TextEncoder().encode(JSON.stringify(view))
  }
}

/**
 * Reads what a peer says of its run. Names are for terminals: what could move the cursor is taken out.
 *
 * @throws {@link HearsayError} `NETWORK` when it is nonsense
 */
export function readView(bytes: Uint8Array): RunView {
  try {
    const view = viewSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    return { ...view, peers: view.peers.map(peer => ({ ...peer, name: peer.name.replaceAll(/\p{C}/gu, '') })) }
  } catch (error) {
    throw new HearsayError('NETWORK', 'the peer does not say properly who takes part; is it of another version?', {
      cause: error,
    })
  }
}
