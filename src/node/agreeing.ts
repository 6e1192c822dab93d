import { setTimeout } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import {
  type AgreementService,
  askState,
  createDeadline,
  decodeSum,
  type HearsayHost,
  type Presence,
  type SummedNumbers,
} from '../gossip/index.js'

export interface AgreeingInit {
  readonly node: HearsayHost
  readonly presence: Pick<Presence, 'live'>
  readonly runId: Uint8Array
  readonly agreement: AgreementService
  /** Of the sum: as many as the own part has. */
  readonly totalBytes: number
}

/** From one question to the others to the next. */
const askedEveryMs = 2_000
/** So many of those who are there are asked. */
const askedPeers = 8
/** Peer ids beside the sum. */
const membersBytes = 128 * 1024

/**
 * The sum of the run: what those who are there have agreed on already, as more than half of those who are asked have it;
 * else what comes of adding up with them.
 *
 * @throws the signal's reason
 */
export async function agreeWithOthers(init: AgreeingInit, signal: AbortSignal): Promise<SummedNumbers> {
  const either = createDeadline(signal)
  try {
    return await Promise.any([init.agreement.agree(either.signal), adopted(init, either.signal)])
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof AggregateError ? error.errors[0] : error
  } finally {
    either.abort(new Error('The sum is here'))
    either.clear()
  }
}

async function adopted(init: AgreeingInit, signal: AbortSignal): Promise<SummedNumbers> {
  for (;;) {
    const asked = init.presence.live().slice(0, askedPeers)
    const answers = await Promise.all(asked.map(peer => sumOf(init, peer, signal)))
    const counts = new Map<string, number>()
    for (const bytes of answers) {
      if (bytes !== undefined) counts.set(bytes.toString('base64'), (counts.get(bytes.toString('base64')) ?? 0) + 1)
    }
    for (const [text, times] of counts) {
      const sum = 2 * times > asked.length ? decodeSum(Buffer.from(text, 'base64'), init.totalBytes) : undefined
      if (sum !== undefined) return sum
    }
    await setTimeout(askedEveryMs, undefined, { signal })
  }
}

/** Nothing where the peer has none yet, or is gone, or busy: it is asked again. */
async function sumOf(
  { node, runId, totalBytes }: AgreeingInit,
  peer: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  try {
    const question = { what: 'AGREED', runId, limitBytes: totalBytes + membersBytes } as const
    return Buffer.from((await askState(node, peerIdFromString(peer), question, signal)).bytes)
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
