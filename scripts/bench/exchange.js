import { once } from 'node:events'
import net from 'node:net'
import { createHandover, createHost } from '../../dist/gossip/index.js'
import { createIdentity } from '../../dist/index.js'
import { allocate, layoutOf } from '../../dist/tensors/index.js'
import { inTurn, print } from './measure.js'

const runId = new Uint8Array(32).fill(7)
const listen = ['/ip4/127.0.0.1/tcp/0']
const encodings = ['f32', 'bf16', 'f16', 'int8']

/** A head from one peer to another over loopback, both in this process, beside a bare TCP socket and a bare stream. */
export async function exchange() {
  const layout = layoutOf([{ name: 'output/kernel', shape: [2 ** 21] }])
  const values = allocate(layout).map(normal)
  const bytes = values.byteLength
  const pairs = await Promise.all(encodings.map(encoding => pair(layout, encoding)))
  const [{ from, to }] = pairs
  const raw = await rawSocket()
  await to.handle('/bare/1', async stream => {
    let left = bytes
    for await (const chunk of stream) {
      left -= chunk.byteLength
      if (left === 0) stream.send(new Uint8Array(1))
    }
    await stream.close()
  })

  const seconds = await inTurn(
    {
      ...Object.fromEntries(pairs.map(({ encoding, handOver }) => [encoding, () => handOver(values)])),
      stream: () => bareStream(from, to, bytes),
      tcp: () => raw.send(bytes),
    },
    15,
  )
  const rates = s => [Math.round(bytes / s / 1e6), (seconds.stream / s).toFixed(2), (seconds.tcp / s).toFixed(2)]
  const mega = count => (count / 1e6).toFixed(1)
  const heads = []
  for (const { encoding, handOver } of pairs) {
    const { sent, error } = await handOver(values, true)
    heads.push([
      `head as ${encoding}`,
      mega(sent),
      ...rates(seconds[encoding]),
      error === 0 ? '0' : error.toExponential(1),
    ])
  }
  print(
    `exchange: a head of ${mega(bytes)} MB (float32) over loopback, until the receiver has decoded and checked it`,
    [
      ['', 'MB sent', 'MB/s of float32', 'of the bare stream', 'of bare TCP', 'relative error of normal numbers'],
      ...heads,
      ['bare libp2p stream (Noise, Yamux)', mega(bytes), ...rates(seconds.stream), ''],
      ['bare TCP', mega(bytes), ...rates(seconds.tcp), ''],
    ],
  )
  raw.close()
  await Promise.all(pairs.map(({ stop }) => stop()))
}

/** Two hosts, and what hands a head over from one to the other as often as it is asked to. */
async function pair(layout, encoding) {
  const [from, to] = await Promise.all([host(), host()])
  await from.dial(to.getMultiaddrs())
  const init = { runId, layout, encoding, normLimit: 1e9, admit: () => undefined }
  const sender = createHandover(init)({ node: from })
  const receiver = createHandover(init)({ node: to })
  await Promise.all([sender.start(), receiver.start()])
  const signal = new AbortController().signal
  let round = 0
  return {
    encoding,
    from,
    to,
    async handOver(values, isCompared = false) {
      sender.advance(round, 0)
      receiver.advance(round, 0)
      const payload = await sender.encode(values)
      const taken = receiver.take(from.peerId.toString(), round, 0, signal)
      const sent = await sender.send(to.peerId, round, 0, payload, signal)
      if (!sent.ok) throw new Error(`the head was refused: ${sent.reason}`)
      const arrived = await taken
      const error = isCompared ? relativeError(arrived, values) : undefined
      // As a peer does when it has merged; fresh memory for every head would be most of the time.
      sender.release(payload)
      receiver.release(arrived)
      round += 1
      return { sent: sent.bytes, error }
    },
    async stop() {
      await Promise.all([sender.stop(), receiver.stop()])
      await Promise.all([from.stop(), to.stop()])
    },
  }
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

async function host() {
  const { privateKey } = await createIdentity()
  const node = await createHost({ privateKey, transport: 'tcp', listen })
  await node.start()
  return node
}

const chunk = new Uint8Array(64 * 1024)

async function bareStream(from, to, bytes) {
  const stream = await from.dialProtocol(to.peerId, '/bare/1')
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!stream.send(chunk)) await stream.onDrain()
  }
  for await (const _ of stream) break
  await stream.close()
}

async function rawSocket() {
  let left = 0
  let arrived = () => {}
  const server = net.createServer(socket => {
    socket.on('data', data => {
      left -= data.length
      if (left === 0) arrived()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1')
  await once(socket, 'connect')
  return {
    async send(bytes) {
      left = bytes
      const done = new Promise(resolve => {
        arrived = resolve
      })
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        if (!socket.write(chunk)) await once(socket, 'drain')
      }
      await done
    },
    close() {
      socket.destroy()
      server.close()
    },
  }
}
