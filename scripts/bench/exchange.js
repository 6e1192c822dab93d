import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { multiaddr } from '@multiformats/multiaddr'
import { createHandover, createHost } from '../../dist/gossip/index.js'
import { createIdentity } from '../../dist/index.js'
import { startChild } from './child.js'
import { encodings, handoverInit, layout, listen } from './exchange-setting.js'
import { inTurn, print } from './measure.js'

const receiver = fileURLToPath(new URL('./exchange-receiver.js', import.meta.url))
const bytes = layout.size * Float32Array.BYTES_PER_ELEMENT
const chunk = new Uint8Array(64 * 1024)

/** A head to a peer in another process over loopback, beside a bare libp2p stream and a bare TCP socket to it. */
export async function exchange() {
  const values = Float32Array.from({ length: layout.size }, normal)
  const senders = await Promise.all(encodings.map(startSender))
  const child = await startChild(process.execPath, [receiver, ...senders.map(({ node }) => node.peerId.toString())])
  const { addresses, port } = child.hello
  await Promise.all(senders.map(({ node }, i) => node.dial(addresses[i].map(multiaddr))))
  const raw = await connectTo(port)

  const seconds = await inTurn(
    {
      ...Object.fromEntries(senders.map(sender => [sender.encoding, () => handOver(sender, values)])),
      stream: () => bareStream(senders[0].node),
      tcp: () => raw.send(),
    },
    45,
  )
  const rates = s => [Math.round(bytes / s / 1e6), (seconds.stream / s).toFixed(2), (seconds.tcp / s).toFixed(2)]
  const mega = count => (count / 1e6).toFixed(1)
  const heads = []
  for (const sender of senders) {
    const { encoding, handover } = sender
    const sent = await handOver(sender, values)
    const error = relativeError(await handover.decode(await handover.encode(values)), values)
    const shown = error === 0 ? '0' : error.toExponential(1)
    heads.push([`head as ${encoding}`, mega(sent), ...rates(seconds[encoding]), shown])
  }
  print(
    `exchange: a head of ${mega(bytes)} MB (float32) to another process over loopback, until that has decoded and checked it`,
    [
      ['', 'MB sent', 'MB/s of float32', 'of the bare stream', 'of bare TCP', 'relative error of normal numbers'],
      ...heads,
      ['bare libp2p stream (Noise, Yamux)', mega(bytes), ...rates(seconds.stream), ''],
      ['bare TCP', mega(bytes), ...rates(seconds.tcp), ''],
    ],
  )
  raw.close()
  await Promise.all(
    senders.map(async ({ node, handover }) => {
      await handover.stop()
      await node.stop()
    }),
  )
  await child.stop()
}

async function startSender(encoding) {
  const { privateKey } = await createIdentity()
  const node = await createHost({ privateKey, transport: 'tcp', listen })
  await node.start()
  const handover = createHandover(handoverInit(encoding))({ node })
  await handover.start()
  return { encoding, node, handover, round: 0 }
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

/** A number of the standard normal distribution. */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}

function relativeError(arrived, values) {
  let difference = 0
  let whole = 0
  for (let i = 0; i < values.length; i++) {
    difference += (arrived[i] - values[i]) ** 2
    whole += values[i] ** 2
  }
  return Math.sqrt(difference / whole)
}

async function bareStream(node) {
  const stream = await node.dialProtocol(node.getPeers()[0], '/bare/1')
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!stream.send(chunk)) await stream.onDrain()
  }
  for await (const _ of stream) break
  await stream.close()
}

async function connectTo(port) {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return {
    async send() {
      const answered = once(socket, 'data')
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        if (!socket.write(chunk)) await once(socket, 'drain')
      }
      await answered
    },
    close: () => socket.destroy(),
  }
}
