import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { raceSignal } from 'race-signal'
import { Expert, ExpertList } from '../generated/publication.js'
import type { HearsayHost } from '../host/host.js'
import type { PeerIdStr } from '../peer-id.js'
import { authorOf, rawKeyOf, readSigned, type SignedMessage } from '../pubsub/signed-message.js'
import { askState, type StateQuestion, StateRefused } from '../state/client.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import type { HeadStore, StoredHead } from './head-store.js'
import type { Taken } from './intake.js'
import { publicationProtocol } from './protocol.js'
import type { PublicationRejection } from './published-head.js'

const { limits, retryMs } = publicationProtocol

/** How often a peer that is busy with others is asked again. */
const busyTries = 20
/** How many are asked side by side. */
const askedAtOnce = 4

/** A head that a peer says it has. */
export interface ListedHead {
  readonly author: PeerId
  readonly rawKey: Uint8Array
  readonly round: number
  readonly digest: Uint8Array
}

/** What a peer answers who is asked which heads it has. As many as a list may have: the latest rounds first. */
export function encodeExperts(
  heads: readonly Pick<StoredHead, 'author' | 'round' | 'digest' | 'payload'>[],
): Uint8Array {
  const experts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (const { author, round, digest, payload } of [...heads].sort((a, b) => b.round - a.round)) {
    const expert = Expert.encode({
      author: new Uint8Array(rawKeyOf(author)!),
      round,
      digest: new Uint8Array(digest),
      payloadBytes: payload.length,
    })
    bytes += expert.length + 2
    if (bytes > limits.listBytes) break
    experts.push(expert)
  }
  return ExpertList.encode({ experts })
}

/** Reads such a list; what is no head of the run is left out. Never throws, whatever the bytes. */
export function decodeExperts(bytes: Uint8Array, payloadBytes: number): ListedHead[] {
  if (bytes.length > limits.listBytes) return []
  try {
    return ExpertList.decode(bytes).experts.flatMap(encoded => {
      const expert = Expert.decode(encoded)
      const author = authorOf(expert.author)
      if (author === undefined || expert.digest.length !== 32 || expert.payloadBytes !== payloadBytes) return []
      return { author, rawKey: expert.author, round: expert.round, digest: expert.digest }
    })
  } catch {
    return []
  }
}

export interface CatchUpInit {
  readonly node: HearsayHost
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly topic: string
  readonly payloadBytes: number
  readonly store: Pick<HeadStore, 'isNews'>
  /** Takes a message as one of the mesh is taken. */
  readonly take: (message: SignedMessage, from: PeerId) => Promise<Taken>
  readonly onReceived: (bytes: number) => void
  readonly deadlines: StreamDeadlines
  readonly onRejected: (reason: PublicationRejection) => void
}

/**
 * Gets the heads that others hold and we do not, those of authors that are gone among them. Each is asked of one peer
 * after another until one gives it; the author's signature is verified here, so that nobody has to be trusted. A peer
 * that does not answer, or lies, is left alone.
 *
 * @returns how many heads are here that were not
 * @throws the signal's reason
 */
export async function catchUp(init: CatchUpInit, peers: readonly PeerId[], signal: AbortSignal): Promise<number> {
  const { node, runId, topic, payloadBytes, store } = init
  const self = node.peerId.toString()
  const underWay = new Map<PeerIdStr, Promise<void>>()
  const arriving: Promise<boolean>[] = []

  async function ask(peer: PeerId, question: Omit<StateQuestion, 'runId'>): Promise<Uint8Array> {
    for (let tries = 1; ; tries++) {
      try {
        const { bytes } = await askState(node, peer, { ...question, runId }, signal, init.deadlines)
        init.onReceived(bytes.length)
        return bytes
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof StateRefused) || error.code !== 'TOO_BUSY' || tries === busyTries) throw error
      }
      await setTimeout(retryMs * (0.5 + Math.random()), undefined, { signal })
    }
  }

  async function getHead(peer: PeerId, { author, rawKey }: ListedHead): Promise<void> {
    let bytes: Uint8Array
    try {
      bytes = await ask(peer, { what: 'EXPERT', author: rawKey, limitBytes: limits.signedBytes })
    } catch (error) {
      // It has let go of that one meanwhile.
      if (error instanceof StateRefused && error.code === 'NOTHING_YET') return
      throw error
    }
    const message = await readSigned(bytes, author, topic)
    if (message === undefined) {
      init.onRejected('FORGED')
      throw new Error('It passes on what nobody has signed')
    }
    const { reason, arrived } = await init.take(message, peer)
    if (reason === undefined) arriving.push(arrived)
  }

  /** Everything that one peer has. */
  async function getHeads(peer: PeerId): Promise<void> {
    const bytes = await ask(peer, { what: 'EXPERTS', limitBytes: limits.listBytes })
    const isMissing = ({ author, round, digest }: ListedHead): boolean =>
      author.toString() !== self && store.isNews(author.toString(), { round, digest })
    let missing = decodeExperts(bytes, payloadBytes).filter(isMissing)
    while (missing.length > 0) {
      const next = missing.find(({ author }) => !underWay.has(author.toString()))
      if (next === undefined) {
        // Others are at it; who knows whether they get them.
        await Promise.race(missing.map(({ author }) => underWay.get(author.toString())))
      } else {
        const name = next.author.toString()
        const getting = getHead(peer, next)
        const over = getting.then(
          () => {},
          () => {},
        )
        underWay.set(
          name,
          over.then(() => void underWay.delete(name)),
        )
        missing.splice(missing.indexOf(next), 1)
        await getting
      }
      missing = missing.filter(isMissing)
    }
  }

  const waiting = [...peers]
  const askOneByOne = async (): Promise<void> => {
    for (let peer = waiting.shift(); peer !== undefined; peer = waiting.shift()) {
      signal.throwIfAborted()
      // What one of them does wrong ends only with that one.
      await getHeads(peer).catch(() => {})
    }
  }
  await Promise.all(Array.from({ length: askedAtOnce }, askOneByOne))
  const arrived = await raceSignal(Promise.all(arriving), signal)
  return arrived.filter(Boolean).length
}
