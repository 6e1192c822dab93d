import { randomBytes } from 'node:crypto'
import type { Connection, Ed25519PrivateKey, PeerId, Stream } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import { throwBug } from '../bug.js'
import type { HearsayHost } from '../host/hearsay-host.js'
import { createStreamService } from '../stream/service.js'
import { receive } from '../stream/stream.js'
import { twinProtocol } from './protocol.js'

const { helloBytes, signatureBytes } = twinProtocol.limits
/** In front of what is signed, so that the signature is good for nothing else. */
const domain = Buffer.from('hearsay twin:')

/** Another process that runs with this peer's identity. */
export interface Twin {
  /** When it began, by its own clock, in milliseconds since 1970. */
  readonly began: number
  /** Did this process begin after it? The two never agree that neither did. */
  readonly isOurs: 'later' | 'earlier'
}

export interface TwinsInit {
  readonly privateKey: Ed25519PrivateKey
  /** Called once for each twin. Must not throw. */
  readonly onTwin: (twin: Twin) => void
}

/**
 * Detects that one identity runs twice, as after a run folder was copied. Two such processes cannot meet: libp2p does
 * not dial oneself, and gossipsub passes nothing on to its author. So a peer that is connected to both joins them: of a
 * peer with two connections it opens a stream on each, and passes bytes from one to the other. Each end states when it
 * began, with a nonce, and signs the other's: that proves the same key at both, and that both live now. The peer
 * between can drop this, but not forge it; a process that was killed does not answer, whatever is left of its
 * connection; and two connections of one process are recognised as such.
 */
export function createTwins({ privateKey, onTwin }: TwinsInit): (components: { node: HearsayHost }) => {
  start(): Promise<void>
  stop(): Promise<void>
} {
  const instance = randomBytes(16)
  const began = Date.now()
  const known = new Set<string>()

  return ({ node }) => {
    /** A nonce of our own for each stream: nothing that was signed before is good for it. */
    async function onStream(stream: Stream, _: Connection, stopped: AbortSignal): Promise<void> {
      const hello = Buffer.alloc(helloBytes)
      hello.writeBigUInt64BE(BigInt(began))
      instance.copy(hello, 8)
      randomBytes(32).copy(hello, 24)
      await within(stopped, async signal => {
        const theirs = reader(stream, signal)
        stream.send(hello)
        const other = await theirs(helloBytes)
        stream.send(await privateKey.sign(Buffer.concat([domain, other, hello])))
        const signature = await theirs(signatureBytes)
        await stream.close({ signal })
        const otherInstance = other.subarray(8, 24)
        const name = otherInstance.toString('hex')
        const isOther = !otherInstance.equals(instance) && !known.has(name)
        const signed = Buffer.concat([domain, hello, other])
        if (!isOther || known.size >= twinProtocol.limits.twins) return
        if (!(await privateKey.publicKey.verify(signed, signature))) return
        known.add(name)
        const since = Number(other.readBigUInt64BE())
        const isLater = since === began ? instance.compare(otherInstance) > 0 : began > since
        onTwin({ began: since, isOurs: isLater ? 'later' : 'earlier' })
      }).catch(throwBug)
      stream.abort(new Error('The exchange is over'))
    }

    /** Passes on what the two ends of a pair send, and not a byte more than they should. */
    async function join(pair: readonly Connection[], stopped: AbortSignal): Promise<void> {
      const streams: Stream[] = []
      await within(stopped, async signal => {
        for (const connection of pair) streams.push(await connection.newStream(twinProtocol.id, { signal }))
        const [a, b] = streams as [Stream, Stream]
        const pass = async (from: Stream, to: Stream): Promise<void> => {
          let passed = 0
          for await (const bytes of receive(from, signal)) {
            passed += bytes.length
            if (passed > helloBytes + signatureBytes) throw new Error('More than a hello and a signature')
            to.send(bytes)
          }
        }
        await Promise.all([pass(a, b), pass(b, a)])
      }).catch(throwBug)
      for (const stream of streams) stream.abort(new Error('The exchange is over'))
    }

    const joining = new Set<string>()
    function onConnection({ detail: { remotePeer } }: CustomEvent<Connection>): void {
      const peer = remotePeer.toString()
      const pair = pairOf(node, remotePeer)
      if (pair === undefined || joining.has(peer)) return
      joining.add(peer)
      serving.detach(join(pair, serving.signal).finally(() => joining.delete(peer)))
    }

    const serving = createStreamService({
      node,
      id: twinProtocol.id,
      onStream,
      reason: () => new Error('Stopped'),
      maxInboundStreams: twinProtocol.limits.streamsPerConnection,
    })
    return {
      async start() {
        await serving.start()
        node.addEventListener('connection:open', onConnection)
      },
      async stop() {
        node.removeEventListener('connection:open', onConnection)
        await serving.stop()
      },
    }
  }
}

/** The oldest and the newest of a peer's connections; those over relays are limited and left alone. */
function pairOf(node: HearsayHost, peer: PeerId): readonly [Connection, Connection] | undefined {
  const open = node
    .getConnections(peer)
    .filter(({ status, limits }) => status === 'open' && limits === undefined)
    .sort((a, b) => a.timeline.open - b.timeline.open)
  return open.length < 2 ? undefined : [open[0]!, open.at(-1)!]
}

async function within(stopped: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const deadline = createDeadline(stopped)
  deadline.within(twinProtocol.deadlines.talkMs, new Error('The other process did not answer'))
  try {
    await work(deadline.signal)
  } finally {
    deadline.clear()
  }
}

/** Reads exactly so many bytes at a time. Rejects where fewer come. */
function reader(stream: Stream, signal: AbortSignal): (length: number) => Promise<Buffer> {
  const source = receive(stream, signal)
  let rest = Buffer.alloc(0)
  return async length => {
    while (rest.length < length) {
      const { value, done } = await source.next()
      if (done === true) throw new Error('The stream ended')
      rest = Buffer.concat([rest, value])
      if (rest.length > helloBytes + signatureBytes) throw new Error('More than a hello and a signature')
    }
    const taken = rest.subarray(0, length)
    rest = rest.subarray(length)
    return taken
  }
}
