import '../../runtime.js'
import { createHash } from 'node:crypto'
import { gossipsub, StrictSign } from '@chainsafe/libp2p-gossipsub'
import type { TopicScoreParams } from '@chainsafe/libp2p-gossipsub/score'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { ConnectionGater, PrivateKey } from '@libp2p/interface'
import { memory } from '@libp2p/memory'
import { plaintext } from '@libp2p/plaintext'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type Libp2pInit } from 'libp2p'
import { HearsayError } from '../../errors.js'
import { noise } from '../noise/noise.js'
import { meterMessages } from '../traffic/messages.js'
import { metered } from '../traffic/metered.js'
import { Traffic } from '../traffic/traffic.js'
import { type Admission, admitting, admittingRegistrar, replaced } from './admission.js'
import { explainDial } from './dial-error.js'
import type { FieldInit, FieldParts } from './field.js'
import type { HearsayHost, HearsayServices } from './hearsay-host.js'
import { retryIdentify } from './identify-retry.js'
import { hostLog } from './log.js'
import { keyProtector, type NetworkKey } from './network-key.js'
import { IPColocationFactorWeight, scoreParams, scoreThresholds } from './peer-scores.js'
import { rejoiningRegistrar } from './rejoining-registrar.js'

export interface HostInit {
  /** Ed25519; the peer id follows from it. */
  readonly privateKey: PrivateKey
  /** Multiaddrs to listen on, for example "/ip4/0.0.0.0/tcp/4001" or "/memory/boston". */
  readonly listen: readonly string[]
  /** `memory` joins hosts of one process only, and does not encrypt. */
  readonly transport: 'tcp' | 'memory'
  /**
   * Connections kept, and accepted while they are no more than this. A peer needs its neighbours and a few for the
   * mesh; each costs one socket and about 0.3 MB, so that many idle strangers are bearable.
   * @default 128
   */
  readonly maxConnections?: number
  /**
   * New connections a second from one address; beyond that they are refused before the handshake, which costs about
   * 4 ms. libp2p's own default of 5 cuts off a simulation on one machine and hospitals behind one address.
   * @default 64: a stranger that only knocks takes a quarter of a core
   */
  readonly connectionsPerSecond?: number
  /**
   * Whether libp2p gives up what takes too long: dials, handshakes, pings, sockets on which nothing moves; and whether
   * it keeps connections alive on which nothing moves.
   * @default true; hosts of one process only wait for each other because all of it is busy
   */
  readonly isTimed?: boolean
  /**
   * Whether it takes part in gossipsub, and tells its neighbours which protocols it speaks, as gossipsub needs.
   * @default true; a peer of a simulation that hands heads over needs neither, and they are half of a connection's cost
   */
  readonly publishes?: boolean
  /**
   * What it does on real networks, over `tcp` only.
   * @default nothing of it: a simulation's hosts have one transport and are given their neighbours
   */
  readonly field?: FieldInit
  /**
   * Only hosts with the same key understand each other.
   * @default none
   */
  readonly networkKey?: NetworkKey
  /**
   * Which peers may connect, and speak Hearsay's protocols and gossipsub. Started and stopped with the host.
   * @default every peer
   */
  readonly access?: Admission
  /**
   * Counts what libp2p does, as for Prometheus.
   * @default bytes alone are counted, by purpose
   */
  readonly metrics?: NonNullable<Libp2pInit['metrics']> | undefined
  /**
   * Topics on which neighbours earn and lose points; a peer that has lost too many is ignored.
   * @default none: only abuse of gossipsub itself counts
   */
  readonly scoredTopics?: Readonly<Record<string, TopicScoreParams>>
}

/** A message as it comes off the wire. */
type SignedMessage = Parameters<NonNullable<NonNullable<Parameters<typeof gossipsub>[0]>['fastMsgIdFn']>>[0]

const hostDefaults = { maxConnections: 128, connectionsPerSecond: 64, isTimed: true, publishes: true }

/** The longest that a timer of Node can wait: 24 days. libp2p takes no `Infinity`. */
const longestMs = 2 ** 31 - 1

const untimedSockets = { inboundSocketInactivityTimeout: 0, outboundSocketInactivityTimeout: 0 }

const untimedConnections = {
  inboundConnectionThreshold: longestMs,
  maxIncomingPendingConnections: longestMs,
  dialTimeout: longestMs,
  addressDialTimeout: longestMs,
  inboundUpgradeTimeout: longestMs,
  inboundStreamProtocolNegotiationTimeout: longestMs,
  outboundStreamProtocolNegotiationTimeout: longestMs,
}

function timedConnections(connectionsPerSecond: number): Partial<typeof untimedConnections> {
  return {
    inboundConnectionThreshold: connectionsPerSecond,
    // Half-open handshakes: at most one second's worth, each for at most ten seconds, which two cores on which a dozen
    // peers start can need.
    maxIncomingPendingConnections: connectionsPerSecond,
    inboundUpgradeTimeout: 10_000,
    // Until its protocol is agreed on, a stream's bytes are kept; no peer needs the default ten seconds for that.
    inboundStreamProtocolNegotiationTimeout: 5_000,
  }
}

/** Largest gossipsub message. Larger things are announced and pulled: gossipsub copies over its whole mesh. */
export const publishLimitBytes = 256 * 1024

/**
 * Bytes one stream may hold unread, and the largest window it may offer. The two must be equal: a window above the
 * buffer lets an honest fast sender overrun a paused stream, which resets it. A megabyte keeps 80 Mbit/s busy over
 * 100 ms; together with the bound on streams, one connection can make us hold 32 MB at the very most.
 */
const streamBufferBytes = 1024 * 1024

/** Streams of all protocols that one connection may have open to us; handover needs 8, the others about 8 more. */
const streamsPerConnection = 32

/**
 * Creates a host that is not started yet: register protocols, then call its `start()`, which throws
 * {@link HearsayError} NETWORK when it cannot listen.
 */
export async function createHost(init: HostInit): Promise<HearsayHost> {
  const { maxConnections, connectionsPerSecond, isTimed, publishes } = { ...hostDefaults, ...init }
  const { access, networkKey } = init
  if (init.field !== undefined && init.transport !== 'tcp') throw new RangeError('The field needs the tcp transport')
  // Loaded where it is needed: its libraries cost a simulation 0.3 s and 10 MB for nothing (measured, two cores).
  const field = init.field === undefined ? undefined : (await import('./field.js')).fieldParts(init.field)
  const gater = gaterOf(access, field)
  const traffic = new Traffic()
  const host: HearsayHost = await createLibp2p<HearsayServices>({
    start: false,
    privateKey: init.privateKey,
    nodeInfo: { name: 'hearsay', userAgent: 'hearsay' },
    logger: hostLog(),
    addresses: { listen: [...init.listen], appendAnnounce: field?.announce ?? [] },
    transports: [
      init.transport === 'tcp' ? tcp(isTimed ? {} : untimedSockets) : memory(),
      ...(field?.transports ?? []),
    ],
    // Inside a process there is nobody to hide from, and Noise's handshake is two thirds of a connection's cost.
    connectionEncrypters: [init.transport === 'memory' ? plaintext() : noise()],
    ...(networkKey === undefined ? {} : { connectionProtector: keyProtector(networkKey) }),
    ...(gater === undefined ? {} : { connectionGater: gater }),
    metrics: components => metered(traffic, init.metrics?.(components)),
    streamMuxers: [
      yamux({
        maxInboundStreams: streamsPerConnection,
        // Pings that show routers on the way that the connection lives; the first one right away.
        enableKeepAlive: isTimed,
        streamOptions: { maxStreamWindowSize: streamBufferBytes, maxReadBufferLength: streamBufferBytes },
      }),
    ],
    connectionManager: {
      maxConnections,
      ...(isTimed ? timedConnections(connectionsPerSecond) : untimedConnections),
    },
    // The default gives up a connection after 2 s without an answer, which a laptop busy with training exceeds.
    connectionMonitor: isTimed
      ? { pingInterval: 30_000, pingTimeout: { minTimeout: 15_000, maxTimeout: 30_000 } }
      : { enabled: false },
    services: {
      ...field?.services,
      traffic: () => traffic,
      ...(publishes && {
        identify: identify(isTimed ? {} : { timeout: longestMs }),
        pubsub: createGossipsub(init, traffic),
      }),
    },
  })
  const [start, stop] = [host.start.bind(host), host.stop.bind(host)]
  let stopRetrying = (): void => {}
  host.start = async () => {
    try {
      await access?.start(host)
      await start()
      if (field !== undefined) stopRetrying = retryIdentify(host)
    } catch (error) {
      await access?.stop()
      throw listenError(init.listen, error)
    }
  }
  host.stop = async () => {
    // What libp2p waits for while it closes keeps no process alive: it would end here with everything half done.
    const awake = setInterval(() => {}, 60_000)
    try {
      stopRetrying()
      await access?.stop()
      await stop()
    } finally {
      clearInterval(awake)
    }
  }
  if (access !== undefined) {
    const handle = host.handle.bind(host)
    host.handle = (protocols, handler, options) => {
      const isFree = [protocols].flat().every(protocol => access.ownProtocols.includes(protocol))
      return handle(protocols, isFree ? handler : admitting(access, handler), options)
    }
  }
  if (init.field !== undefined || networkKey !== undefined) {
    const dial = host.dial.bind(host)
    host.dial = (peer, options) =>
      dial(peer, options).catch(error => {
        throw explainDial(peer, error, networkKey)
      })
  }
  return host
}

/** Which peers may connect and which get a relay's slot. Undefined where all may, as in a simulation. */
function gaterOf(access: Admission | undefined, field: FieldParts | undefined): ConnectionGater | undefined {
  if (field === undefined) return access?.gater
  const denies = access?.gater.denyInboundRelayReservation
  return {
    ...access?.gater,
    denyInboundRelayReservation: async peer => field.deniesSlots() || (await denies?.(peer)) === true,
  }
}

function createGossipsub({ access, field, scoredTopics }: HostInit, traffic: Traffic): ReturnType<typeof gossipsub> {
  const create = gossipsub({
    globalSignaturePolicy: StrictSign,
    emitSelf: false,
    fastMsgIdFn: messageDigest,
    // A peer that speaks floodsub is sent every message and stands outside mesh and scores.
    fallbackToFloodsub: false,
    // A peer that is alone may publish; that no peer receives it is no error.
    allowPublishToZeroTopicPeers: true,
    // Up to nine peers the mesh is all of them; beyond, eight copies of a message reach 8³ peers in three hops.
    D: 8,
    Dlo: 5,
    Dhi: 12,
    maxInboundDataLength: publishLimitBytes + 4096,
    maxOutboundBufferSize: 16 * publishLimitBytes,
    // What one message may make us look at or remember. The defaults are for networks of thousands of topics.
    maxTopicBytesPerPeer: 64 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 256,
      maxIhaveMessageIDs: 2048,
      maxIwantMessageIDs: 2048,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 256,
      maxPeerInfos: 16,
    },
    ...(scoredTopics === undefined
      ? { scoreParams: { IPColocationFactorWeight } }
      : { scoreParams: scoreParams(scoredTopics), scoreThresholds }),
  })
  return components => {
    const { peerId } = components
    if (access === undefined && field === undefined) return meterMessages(create(components), peerId, traffic)
    const registrar = rejoiningRegistrar(components)
    // Gossipsub sends every peer at once the topics it is on, and with them the run's id: only those admitted.
    const seen = access === undefined ? registrar : admittingRegistrar(access, registrar)
    return meterMessages(create(replaced(components, { registrar: seen })), peerId, traffic)
  }
}

/**
 * The digest by which gossipsub recognises a message that it has seen, before it checks the signature. Without, each of
 * the copies that come over the mesh is verified again: eight times the work, and with a joining crowd the network
 * thread's longest. Over every field, so that what has the digest of a message that was verified is that message.
 */
function messageDigest({ from, seqno, topic, data, signature, key }: SignedMessage): string {
  const hash = createHash('sha256')
  for (const field of [from, seqno, Buffer.from(topic), data, signature, key]) {
    // Lengths between the fields: no byte can move from one to the next.
    hash.update(`${field?.length ?? '-'},`).update(field ?? '')
  }
  return hash.digest('base64')
}

/** One line out of libp2p's page of text. */
function listenError(listen: readonly string[], error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error)
  // libp2p puts each address and what was wrong with it into the message, stacks included.
  const failed = listen.filter(address => text.includes(`${address}:`))
  const where = failed.length > 0 ? failed.join(', ') : listen.join(', ')
  const because = /EADDRINUSE|already in use/.test(text)
    ? 'is in use; choose another port, or 0 for any free one'
    : /EACCES/.test(text)
      ? 'may not be used by this user; choose a port from 1024 on'
      : /EADDRNOTAVAIL/.test(text)
        ? 'is no address of this machine; listen on 0.0.0.0 for all of them'
        : /UnsupportedListenAddress|[Mm]ultiaddr/.test(text)
          ? 'cannot be listened on; write it like /ip4/0.0.0.0/tcp/4001'
          : undefined
  if (because === undefined) return error instanceof Error ? error : new Error(text)
  return new HearsayError('NETWORK', `${where} ${because}`, { field: 'listen', cause: error })
}
