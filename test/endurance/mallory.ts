import { setTimeout as wait } from 'node:timers/promises'
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Connection, Ed25519PrivateKey, PeerId, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import { HeadHeader } from '../../src/gossip/generated/handover.js'
import { headFormat } from '../../src/gossip/head/format.js'
import {
  createHost,
  createPresence,
  dialAddresses,
  type HearsayHost,
  handoverProtocol,
  type Presence,
  plainStanding,
  presenceTopic,
} from '../../src/gossip/index.js'
import { encodePresence } from '../../src/gossip/presence/report.js'
import { encodeSafetensors, type Layout } from '../../src/tensors/index.js'

/** A member of a run who means it no good. It is at home in this process, apart from its victims. */
export interface Mallory {
  readonly host: HearsayHost
  readonly privateKey: Ed25519PrivateKey
  readonly presence: Presence
  /** Whom it knows of, and where. */
  victims(): PeerId[]
  /** The latest round that somebody has told of. */
  round(): number
}

export interface Run {
  readonly runId: Uint8Array
  readonly rounds: number
  readonly layout: Layout
}

/** Joins the run as a member of its first round: the others count on its heads. */
export async function enter(
  { runId, rounds }: Run,
  privateKey: Ed25519PrivateKey,
  contact: string,
  name: string,
): Promise<Mallory> {
  const host = await createHost({
    privateKey,
    transport: 'tcp',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    field: { autoNat: false },
  })
  await host.start()
  const presence = createPresence({
    runId,
    rounds,
    name,
    beatMs: 1_000,
    standing: () => ({ ...plainStanding, addresses: dialAddresses(host) }),
    onReport: (peer, { addresses }) => {
      if (addresses.length > 0 && host.getPeers().every(known => known.toString() !== peer)) {
        host.dial([...addresses]).catch(() => {})
      }
    },
  })({ node: host })
  await presence.start()
  await host.dial(multiaddr(contact))
  await presence.publish({ round: 0, samples: 100 })
  const reports = () => [...presence.heard().values()].filter(report => !report.name.startsWith('mallory'))
  return {
    host,
    privateKey,
    presence,
    victims: () => host.getPeers().filter(peer => presence.heard().get(peer.toString())?.name.startsWith('honest')),
    round: () => Math.max(0, ...reports().map(report => (report.head === undefined ? 0 : report.round + 1))),
  }
}

const framed = (bytes: Uint8Array): Uint8Array => lengthPrefixed.encode.single(bytes).subarray()

/** One handover with this header and these numbers; with `hold` it is left in the middle of the head. */
async function hand(
  connection: Connection,
  { runId, layout }: Run,
  changes: Partial<HeadHeader>,
  values: Float32Array,
  hold = false,
): Promise<Stream> {
  const { layoutDigest, payloadBytes } = headFormat(layout)
  const header = { runId: Uint8Array.from(runId), round: 0, step: 0, layoutDigest, payloadBytes, ...changes }
  const payload = framed(encodeSafetensors({ layout, values }))
  const stream = await connection.newStream(handoverProtocol.id, { maxOutboundStreams: 10_000 })
  stream.addEventListener('message', () => {})
  stream.send(framed(HeadHeader.encode(header)))
  stream.send(hold ? payload.subarray(0, 1_000) : payload)
  if (hold) return stream
  const until = Date.now() + 3_000
  while (stream.status === 'open' && !stream.readableEnded && Date.now() < until) await wait(5)
  stream.abort(new Error('on to the next'))
  return stream
}

/** Heads that are none, to one victim, about the round that everybody is in. Returns how many. */
export async function poison(connection: Connection, run: Run, round: number): Promise<number> {
  // Whatever becomes of a header, none of them is ever taken.
  const bad = new Float32Array(run.layout.size).fill(Number.NaN)
  const twice = async (): Promise<void> => {
    const held = await hand(connection, run, { round }, bad, true)
    // The one before is still on its way.
    await hand(connection, run, { round }, bad)
    held.abort(new Error('never finished'))
  }
  const tricks = [
    () => hand(connection, run, { round }, bad),
    () => hand(connection, run, { round }, bad.slice().fill(1e9)),
    () => hand(connection, run, { round: 0 }, bad),
    () => hand(connection, run, { round: run.rounds + 5 }, bad),
    () => hand(connection, run, { round, runId: new Uint8Array(32).fill(9) }, bad),
    twice,
  ]
  // As many at once as a victim takes, in any order: each gets its turn to be the first of its round.
  await Promise.all(tricks.sort(() => Math.random() - 0.5).map(trick => trick().catch(() => {})))
  return tricks.length
}

/** A message of gossipsub's, of whoever `author` says, signed by whoever has the key. */
export async function signed(
  privateKey: Ed25519PrivateKey,
  { runId }: Run,
  seqno: bigint,
  data: Uint8Array,
  author: PeerId = peerIdFromPrivateKey(privateKey),
): Promise<RPC.Message> {
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(seqno)
  const message = { from: author.toMultihash().bytes, data, seqno: number, topic: presenceTopic(runId) }
  const bytes = Buffer.concat([Buffer.from('libp2p-pubsub:'), RPC.Message.encode(message as RPC.Message)])
  const key = publicKeyToProtobuf(privateKey.publicKey)
  return { ...message, signature: await privateKey.sign(bytes), key } as RPC.Message
}

/** As it is on the wire. */
export function rpcOf(messages: RPC.Message[]): Uint8Array {
  return framed(RPC.encode({ subscriptions: [], messages }))
}

/** A record like any other's. */
export const recordOf = (round: number): Uint8Array => encodePresence('honest too', { round, samples: 1 }, true)

/** Sends these, over and over, as fast as they are taken but no faster than the rate. Returns how many messages went. */
export async function flood(
  connection: Connection,
  rpcs: readonly { readonly bytes: Uint8Array; readonly messages: number }[],
  perSecond: number,
  signal: AbortSignal,
): Promise<number> {
  const stream: Stream = await connection.newStream('/meshsub/1.2.0', { maxOutboundStreams: 10_000 })
  stream.addEventListener('message', () => {})
  const startedAt = performance.now()
  let sent = 0
  for (let at = 0; !signal.aborted && stream.status === 'open'; at = (at + 1) % rpcs.length) {
    const { bytes, messages } = rpcs[at]!
    stream.send(bytes)
    sent += messages
    while (stream.writableNeedsDrain && stream.status === 'open' && !signal.aborted) await wait(5)
    while (sent > ((performance.now() - startedAt) / 1000) * perSecond && !signal.aborted) await wait(5)
  }
  return sent
}

/** Opens streams, so many every few seconds, and says nothing on them. Returns how many were opened or refused. */
export async function halfOpen(connection: Connection, streams: number, signal: AbortSignal): Promise<number> {
  let tried = 0
  for (; tried < streams && connection.status === 'open' && !signal.aborted; tried += 50) {
    const opening = Array.from({ length: 50 }, () =>
      connection.newStream(handoverProtocol.id, { maxOutboundStreams: 100_000, signal: AbortSignal.timeout(2_000) }),
    )
    await Promise.allSettled(opening)
  }
  await wait(3_000, undefined, { signal }).catch(() => {})
  return tried
}
