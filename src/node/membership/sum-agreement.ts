import { setTimeout } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import { createDeadline, inTime } from '../../deadline.js'
import { HearsayError } from '../../errors.js'
import {
  type AgreementService,
  decodeSum,
  type HearsayHost,
  type Presence,
  requestState,
  type SummedNumbers,
} from '../../gossip/index.js'

export interface AgreeingInit {
  readonly node: HearsayHost
  readonly presence: Pick<Presence, 'live'>
  readonly runId: Uint8Array
  readonly agreement: AgreementService
  /** Length of the sum: that of the own part. */
  readonly totalBytes: number
  /** The manifest's `limits.joinSeconds`. */
  readonly joinSeconds: number
}

/** From one request to the others to the next. */
const askedEveryMs = 2_000
/** Number of live peers that receive a request. */
const askedPeers = 8
/** Multiple of `joinSeconds` after which the agreement fails. */
const givenUpAfter = 20
/** Limit of the peer ids that travel beside the sum. */
const membersBytes = 128 * 1024

/**
 * The sum of the run: the one that the live peers have agreed on already, if more than half of those asked have it;
 * else the one computed with them.
 *
 * @throws {@link HearsayError} `NETWORK` if for long no peer has it and too few are live; the signal's reason
 */
export async function agreeWithOthers(init: AgreeingInit, signal: AbortSignal): Promise<SummedNumbers> {
  const either = createDeadline(signal)
  const seconds = givenUpAfter * init.joinSeconds
  either.within(
    seconds * 1000,
    new HearsayError(
      'NETWORK',
      `no peer has sent the mean and spread of the columns in ${seconds} s, and too few are here to agree on them; copy agreed.json from a peer's run folder into this one, or resume when more are there`,
    ),
  )
  try {
    return await Promise.any([init.agreement.agree(either.signal), adopted(init, either.signal)])
  } catch (error) {
    signal.throwIfAborted()
    either.signal.throwIfAborted()
    throw error instanceof AggregateError ? error.errors[0] : error
  } finally {
    either.abort(new Error('The sum is here'))
    either.clear()
  }
}

/** Does the promise take longer than this to settle? Its value or error is left to its other awaiters. */
export async function isLong(waited: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = (): true => true
  return (await inTime(waited.then(settled, settled), ms)) === undefined
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

/** Requests a peer's sum; undefined if it has none yet, or is gone, or busy: the request is repeated. */
async function sumOf(
  { node, runId, totalBytes }: AgreeingInit,
  peer: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  try {
    const question = { what: 'AGREED', runId, limitBytes: totalBytes + membersBytes } as const
    return Buffer.from((await requestState(node, peerIdFromString(peer), question, signal)).bytes)
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
