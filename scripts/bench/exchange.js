import { createCipheriv, createDecipheriv } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { multiaddr } from '@multiformats/multiaddr'
import { createHandover, createHost } from '../../dist/gossip/index.js'
import { createIdentity } from '../../dist/index.js'
import { copyBytes, reserveVector, squaredNorm } from '../../dist/tensors/index.js'
import { aimed } from './aims.js'
import { startChild } from './child.js'
import { codecs, normal, relativeError } from './codecs.js'
import { bytesOf, createPlaintextHost, handoverInit, heads, listen } from './exchange-setting.js'
import { median, over, print, turns } from './measure.js'

const receiver = fileURLToPath(new URL('./exchange-receiver.js', import.meta.url))
const chunk = new Uint8Array(64 * 1024)

/**
 * A head to a peer in another process over loopback, beside bare streams and a bare TCP socket to it; and what the codecs
 * alone take.
 */
export async function exchange({ quick }) {
  const senders = await Promise.all(heads.map(startSender))
  const child = await startChild(process.execPath, [receiver, ...senders.map(({ node }) => node.peerId.toString())])
  const { addresses, port } = child.hello
  const plain = await createPlaintextHost()
  const nodes = [...senders.map(({ node }) => node), plain]
  await Promise.all(nodes.map((node, i) => node.dial(addresses[i].map(multiaddr))))

  const sizes = [...new Set(heads.map(({ layout }) => layout.size))]
  const aims = []
  for (const size of sizes) {
    const ofSize = senders.filter(({ layout }) => layout.size === size)
    // Of the large one as many bytes, of both at least five turns.
    aims.push(...(await ofOneSize(ofSize, plain, port, Math.max(5, Math.round(((quick ? 15 : 45) * sizes[0]) / size)))))
  }
  await Promise.all(senders.map(({ handover }) => handover.stop()))
  await Promise.all(nodes.map(node => node.stop()))
  await child.stop()
  return [...aims, ...(await codecs({ quick }))]
}

/** Heads of one number of values, and as many bytes in other ways. */
async function ofOneSize(senders, plain, port, count) {
  const { layout } = senders[0]
  const bytes = bytesOf(layout)
  const values = Float32Array.from({ length: layout.size }, normal)
  const arrived = reserveVector(layout.size)
  const raw = await connectTo(port, bytes)
  const seconds = await turns(
    {
      ...Object.fromEntries(senders.map(sender => [sender.encoding, () => handOver(sender, values)])),
      stream: () => bareStream(senders[0].node, bytes),
      plaintext: () => bareStream(plain, bytes),
      tcp: () => raw.send(),
      cipher: () => cipherAlone(bytes),
      handling: () => handledAlone(values, arrived),
    },
    count,
  )
  raw.close()
  const mega = count => (count / 1e6).toFixed(1)
  const rates = name => [
    Math.round(bytes / median(seconds[name]) / 1e6),
    ...['stream', 'plaintext', 'tcp'].map(floor => spread(over(seconds[floor], seconds[name]))),
  ]
  const rows = []
  for (const sender of senders) {
    const { encoding, handover } = sender
    const sent = await handOver(sender, values)
    const error = relativeError(await handover.decode(await handover.encode(values)), values)
    rows.push([`head as ${encoding}`, mega(sent), ...rates(encoding), error === 0 ? '0' : error.toExponential(1)])
  }
  print(
    `exchange: a head of ${mega(bytes)} MB (float32) to another process over loopback, until that has decoded and checked it; ${count} turns, minimum/median/maximum`,
    [
      [
        '',
        'MB sent',
        'MB/s of float32',
        'of the bare stream',
        'of plaintext',
        'of bare TCP',
        'relative error of normal numbers',
      ],
      ...rows,
      ['bare libp2p stream (Noise, Yamux)', mega(bytes), ...rates('stream'), ''],
      ['the same in plaintext', mega(bytes), ...rates('plaintext'), ''],
      ['bare TCP', mega(bytes), ...rates('tcp'), ''],
      ['Node’s cipher alone, there and back', mega(bytes), ...rates('cipher'), ''],
      ['copied out, copied in and squared, nothing else', mega(bytes), ...rates('handling'), ''],
    ],
  )
  return [
    aimed(`bare stream of ${mega(bytes)} MB ÷ the same in plaintext`, over(seconds.plaintext, seconds.stream), {
      least: 0.5,
    }),
    aimed(`head as f32 of ${mega(bytes)} MB ÷ bare stream`, over(seconds.stream, seconds.f32), { least: 0.85 }),
  ]
}

function spread(ratios) {
  return [Math.min(...ratios), median(ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(2)).join('/')
}

async function startSender(head) {
  const { privateKey } = await createIdentity()
  const node = await createHost({ privateKey, transport: 'tcp', listen })
  await node.start()
  const handover = createHandover(handoverInit(head))({ node })
  await handover.start()
  return { ...head, node, handover, round: 0 }
}

/** Resolves when the receiver has accepted the head. @returns how many bytes that took */
async function handOver(sender, values) {
  const { node, handover, round } = sender
  handover.advance(round, 0)
  const payload = await handover.encode(values)
  const [to] = node.getPeers()
  const sent = await handover.send(to, round, 0, payload, new AbortController().signal)
  if (!sent.ok) throw new Error(`the head was refused: ${sent.reason}`)
  // As a peer does when everybody has it; fresh memory for every head would be most of the time.
  handover.release(payload)
  sender.round += 1
  return sent.bytes
}

async function bareStream(node, bytes) {
  const stream = await node.dialProtocol(node.getPeers()[0], '/bare/1')
  const answered = once(stream, 'message')
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    stream.send(chunk.subarray(0, bytes - sent))
    // Not `onDrain()`, which after the first time waits no more (gossip/stream/stream.ts).
    while (stream.writableNeedsDrain) await once(stream, 'drain')
  }
  await stream.close()
  await answered
}

/** What no encrypted stream does without: as many bytes through the cipher of Noise and back, in messages of its size. */
function cipherAlone(bytes) {
  const given = ['chacha20-poly1305', Buffer.alloc(32, 1), Buffer.alloc(12), { authTagLength: 16 }]
  for (let done = 0; done < bytes; done += chunk.length) {
    const sealing = createCipheriv(...given)
    const sealed = sealing.update(chunk)
    sealing.final()
    const opening = createDecipheriv(...given).setAuthTag(sealing.getAuthTag())
    opening.update(sealed)
    opening.final()
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)

/** What no checked head does without: a copy that the merge may overwrite, memory that it merges from, and its norm. */
function handledAlone(values, arrived) {
  const bytes = viewOf(values)
  for (let at = 0; at < bytes.length; at += chunk.length) {
    const piece = new Uint8Array(bytes.subarray(at, at + chunk.length))
    copyBytes(piece, viewOf(arrived), at)
  }
  squaredNorm(arrived)
}

async function connectTo(port, bytes) {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes)
  socket.write(size)
  return {
    async send() {
      const answered = once(socket, 'data')
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        if (!socket.write(chunk.subarray(0, bytes - sent))) await once(socket, 'drain')
      }
      await answered
    },
    close: () => socket.destroy(),
  }
}
