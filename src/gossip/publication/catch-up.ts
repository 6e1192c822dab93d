import type { PeerId } from '@libp2p/interface'
import { raceSignal } from 'race-signal'
import { throwBug } from '../bug.js'
import type { HearsayHost } from '../host/hearsay-host.js'
import type { PeerIdStr } from '../peer-id.js'
import { readSigned, type SignedMessage } from '../pubsub/signed-message.js'
import { requestWhenFree, type StateQuery, StateRefused } from '../state/client.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { decodeExperts, type ListedHead } from './expert-list.js'
import type { HeadStore } from './head-store.js'
import type { IntakeResult } from './intake.js'
import { publicationProtocol } from './protocol.js'
import type { PublicationRejection } from './published-head.js'

const { limits } = publicationProtocol

/** Peers to which requests are made side by side. */
const askedAtOnce = 4

export interface CatchUpInit {
  readonly node: HearsayHost
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly topic: string
  readonly payloadBytes: number
  readonly store: Pick<HeadStore, 'isNews'>
  /** Checks and stores a message like one of the mesh. */
  readonly receive: (message: SignedMessage, from: PeerId) => Promise<IntakeResult>
  readonly onReceived: (bytes: number) => void
  readonly deadlines: StreamDeadlines
  readonly onRejected: (reason: PublicationRejection) => void
}

/**
 * Requests the heads that other peers hold and we do not, those of authors that have left among them. Each is requested
 * from one peer after another until one gives it; the author's signature is verified here, so that no peer has to be
 * trusted. A peer that does not answer, or lies, gets no further request.
 *
 * @returns how many heads are new
 * @throws the signal's reason
 */
export async function catchUp(init: CatchUpInit, peers: readonly PeerId[], signal: AbortSignal): Promise<number> {
  const { node, runId, topic, payloadBytes, store } = init
  const self = node.peerId.toString()
  const underWay = new Map<PeerIdStr, Promise<void>>()
  const arriving: Promise<boolean>[] = []

  async function ask(peer: PeerId, question: Omit<StateQuery, 'runId'>): Promise<Uint8Array> {
    const { bytes } = await requestWhenFree(node, peer, { ...question, runId }, signal, init.deadlines)
    init.onReceived(bytes.length)
    return bytes
  }

  async function getHead(peer: PeerId, { author, rawKey }: ListedHead): Promise<void> {
    let bytes: Uint8Array
    try {
      bytes = await ask(peer, { what: 'EXPERT', author: rawKey, limitBytes: limits.signedBytes })
    } catch (error) {
      // It no longer has that one.
      if (error instanceof StateRefused && error.code === 'NOTHING_YET') return
      throw error
    }
    const message = await readSigned(bytes, author, topic)
    if (message === undefined) {
      init.onRejected('FORGED')
      throw new Error('The peer passes on what the author has not signed')
    }
    const { reason, arrived } = await init.receive(message, peer)
    if (reason === undefined) arriving.push(arrived)
  }

  /** Gets every head that one peer has and we miss. */
  async function getHeads(peer: PeerId): Promise<void> {
    const bytes = await ask(peer, { what: 'EXPERTS', limitBytes: limits.listBytes })
    const isMissing = ({ author, round, digest }: ListedHead): boolean =>
      author.toString() !== self && store.isNews(author.toString(), { round, digest })
    let missing = decodeExperts(bytes, payloadBytes).filter(isMissing)
    while (missing.length > 0) {
      const next = missing.find(({ author }) => !underWay.has(author.toString()))
      if (next === undefined) {
        // These are being requested from other peers, which may not give them.
        await Promise.race(missing.map(({ author }) => underWay.get(author.toString())))
      } else {
        const name = next.author.toString()
        const getting = getHead(peer, next)
        const remove = (): void => void underWay.delete(name)
        // For calls that wait until it is over; how it ends is awaited below.
        underWay.set(name, getting.then(remove, remove))
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
      // A peer that goes away, refuses or lies costs only its own heads.
      await getHeads(peer).catch(throwBug)
    }
  }
  await Promise.all(Array.from({ length: askedAtOnce }, askOneByOne))
  const arrived = await raceSignal(Promise.all(arriving), signal)
  return arrived.filter(Boolean).length
}
