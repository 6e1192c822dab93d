import { setTimeout } from 'node:timers/promises'
import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import { type PeerIdStr, type Presence, presenceProtocol } from '../../gossip/index.js'
import { peersLimit } from '../../topology/index.js'
import type { Manifest } from '../manifest.js'

/** What a peer reports of the run to a newcomer: the live peers, and a free share of the partition. */
export interface RunView {
  readonly peers: readonly { readonly name: string; readonly round: number; readonly share?: number | undefined }[]
  /** For the newcomer; absent when no share is free. */
  readonly share?: number | undefined
  /** Whether some peer has handed over a head: newcomers then continue at the others' round. */
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
  /** Whether this peer is in its rounds. */
  readonly hasBegun: () => boolean
  readonly presence: Presence
  readonly name: string
  /** This peer's own share, if it has one. */
  readonly own: number | undefined
  /** Number of shares: 0 where the data are a file of the manifest's author, which no other peer can have. */
  readonly shares: number
  /** Milliseconds of any clock that does not go back. @default performance.now */
  readonly now?: () => number
}

/** Limits of promises of shares. A test asserts each. */
export const promiseLimits = {
  /**
   * How long no other peer gets a share that was promised: from the request to the newcomer's first record, with its
   * data read and its backend started in between. With a small set that took 2 s, and 9 s where a dozen processes
   * started on two cores. A newcomer that takes longer still reports its share.
   */
  promiseMs: 20_000,
  /** Number of promises kept at most, the newest. */
  promises: 256,
} as const

interface SharePromise {
  readonly share: number
  /** The origin of the newcomer's connection. */
  readonly from: string
  readonly until: number
}

/**
 * Answers newcomers, each with a share that no live peer has and that was not promised here to another newcomer a
 * moment ago. Two that send requests to different peers at the same time may get the same share; they then train on the
 * same samples, which is harmless.
 *
 * A promise costs the newcomer nothing, so it must not take a share away: it expires unless the newcomer appears, and
 * while it lasts, one address cannot keep shares from the others by requests of many identities.
 */
export function createShares(init: SharesInit): (asker: PeerIdStr, from: string) => Uint8Array {
  const { presence, name, own, shares, hasBegun, now = () => performance.now() } = init
  const promises = new Map<PeerIdStr, SharePromise>()

  function promise(asker: PeerIdStr, from: string, isFree: (share: number) => boolean): number | undefined {
    const heard = presence.heard()
    // From its first record on, what a peer reports of itself counts, and not what it was promised.
    for (const [peer, { until }] of promises) if (until <= now() || heard.has(peer)) promises.delete(peer)
    const before = promises.get(asker)?.share ?? heard.get(asker)?.share
    if (before !== undefined && isFree(before)) return before
    promises.delete(asker)
    const promised = new Set([...promises.values()].map(({ share }) => share))
    const free = Array.from({ length: shares }, (_, share) => share).filter(isFree)
    const share = free.find(share => !promised.has(share)) ?? takeOver(from, isFree)
    if (share !== undefined) promises.set(asker, { share, from, until: now() + promiseLimits.promiseMs })
    for (const peer of promises.keys()) if (promises.size > promiseLimits.promises) promises.delete(peer)
    return share
  }

  /** Revokes the oldest promise to the address that has the most, if that leaves it no fewer than the asker's gets. */
  function takeOver(from: string, isFree: (share: number) => boolean): number | undefined {
    const held = new Map<string, PeerIdStr[]>()
    for (const [peer, promise] of promises) {
      if (isFree(promise.share)) held.set(promise.from, [...(held.get(promise.from) ?? []), peer])
    }
    const most = [...held.values()].reduce((a, b) => (b.length > a.length ? b : a), [])
    if (most.length < (held.get(from)?.length ?? 0) + 2) return undefined
    const { share } = promises.get(most[0]!)!
    promises.delete(most[0]!)
    return share
  }

  return (asker, from) => {
    const live = presence.live().map(peer => ({ peer, report: presence.heard().get(peer)! }))
    const taken = new Set([own, ...live.filter(({ peer }) => peer !== asker).map(({ report }) => report.share)])
    const share = promise(asker, from, share => !taken.has(share))
    const view: RunView = {
      peers: [
        { name, round: 0, share: own },
        ...live.map(({ report }) => ({ name: report.name, round: report.round, share: report.share })),
      ],
      share,
      hasBegun: hasBegun() || live.some(({ report }) => report.head !== undefined),
    }
    return new TextEncoder().encode(JSON.stringify(view))
  }
}

/** How often a newcomer repeats its request while all free shares are promised, and for how long. */
const asking = { pauseMs: 2_000, patienceMs: 3 * promiseLimits.promiseMs } as const

/**
 * Repeats a request until it yields a share: one that is promised to a peer that does not come is free again soon.
 *
 * @param ask - requests the view of a peer of the run
 * @param tell - called once, with a line that reports the wait
 * @param pauseMs - from one request to the next, half as much more or less
 * @throws {@link HearsayError} DATA when all shares are taken, or stay promised to others
 * @throws the signal's reason
 */
export async function waitForShare(
  ask: () => Promise<RunView>,
  { peers, data }: Pick<Manifest, 'peers' | 'data'>,
  tell: (line: string) => void,
  signal: AbortSignal,
  pauseMs: number = asking.pauseMs,
): Promise<RunView> {
  const until = performance.now() + asking.patienceMs
  for (let asked = 1; ; asked++) {
    const view = await ask()
    if (view.share !== undefined) return view
    const taken = new Set(view.peers.map(({ share }) => share).filter(share => share !== undefined)).size
    if (taken >= peers || performance.now() >= until) {
      const which = taken >= peers ? 'taken' : 'taken or promised to others that are joining'
      throw new HearsayError('DATA', `all ${peers} shares of ${data.set} are ${which}; bring your own data with --data`)
    }
    if (asked === 1)
      tell(
        `waiting   all free shares of ${data.set} are promised to others; this peer requests one again while they join`,
      )
    await setTimeout(pauseMs * (0.5 + Math.random()), undefined, { signal })
  }
}

/**
 * Reads a peer's view of its run. Names are for terminals: characters that could move the cursor are removed.
 *
 * @throws {@link HearsayError} `NETWORK` if it is malformed
 */
export function readView(bytes: Uint8Array): RunView {
  try {
    const view = viewSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    return { ...view, peers: view.peers.map(peer => ({ ...peer, name: peer.name.replaceAll(/\p{C}/gu, '') })) }
  } catch (error) {
    throw new HearsayError('NETWORK', 'the list of peers that came is malformed; is that peer of another version?', {
      cause: error,
    })
  }
}
