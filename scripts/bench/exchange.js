import { once } from 'node:events'
import net from 'node:net'
import { createHandover, createHost } from '../../dist/gossip/index.js'
import { createIdentity } from '../../dist/index.js'
import { allocate, layoutOf } from '../../dist/tensors/index.js'
import { inTurn, print } from './measure.js'

const runId = new Uint8Array(32).fill(7)
const listen = ['/ip4/127.0.0.1/tcp/0']

/** A head from one peer to another over loopback, both in this process, beside a bare TCP socket and a bare stream. */
export async function exchange() {
  const layout = layoutOf([{ name: 'output/kernel', shape: [2 ** 21] }])
  const values = allocate(layout).fill(0.001)
  const bytes = values.byteLength
  const [from, to] = await Promise.all([host(), host()])
  await from.dial(to.getMultiaddrs())
  const init = { runId, layout, normLimit: 1e9, admit: () => undefined }
  const sender = createHandover(init)({ node: from })
  const receiver = createHandover(init)({ node: to })
  await Promise.all([sender.start(), receiver.start()])
  const raw = await rawSocket()
  await to.handle('/bare/1', async stream => {
    let left = bytes
    for await (const chunk of stream) {
      left -= chunk.byteLength
      if (left === 0) stream.send(new Uint8Array(1))
    }
    await stream.close()
  })
  const signal = new AbortController().signal
  let round = 0

  const seconds = await inTurn(
    {
      head: async () => {
        sender.advance(round, 0)
        receiver.advance(round, 0)
        const payload = await sender.encode(values)
        const taken = receiver.take(from.peerId.toString(), round, 0, signal)
        const sent = await sender.send(to.peerId, round, 0, payload, signal)
        if (!sent.ok) throw new Error(`the head was refused: ${sent.reason}`)
        sender.release(payload)
        receiver.release(await taken)
        round += 1
      },
      stream: () => bareStream(from, to, bytes),
      tcp: () => raw.send(bytes),
    },
    15,
  )
  const rate = s => Math.round(bytes / s / 1e6)
  print(`exchange: a head of ${(bytes / 1e6).toFixed(1)} MB over loopback, until the receiver has checked it`, [
    ['', 'MB/s', 'of the bare stream', 'of bare TCP'],
    ...Object.entries(seconds).map(([name, s]) => [
      { head: 'head (validated, acknowledged)', stream: 'bare libp2p stream (Noise, Yamux)', tcp: 'bare TCP' }[name],
      rate(s),
      (seconds.stream / s).toFixed(2),
      (seconds.tcp / s).toFixed(2),
    ]),
  ])
  raw.close()
  await Promise.all([sender.stop(), receiver.stop()])
  await Promise.all([from.stop(), to.stop()])
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
