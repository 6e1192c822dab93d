// The other process of the exchange bench: takes heads, bytes of a bare stream and bytes of a bare socket.
import { once } from 'node:events'
import net from 'node:net'
import { createHandover, createHost } from '../../dist/gossip/index.js'
import { createIdentity } from '../../dist/index.js'
import { answerLines } from './child.js'
import { encodings, handoverInit, layout, listen } from './exchange-setting.js'

const senders = process.argv.slice(2)
const bytes = layout.size * Float32Array.BYTES_PER_ELEMENT
const ending = new AbortController()

const hosts = await Promise.all(
  encodings.map(async (encoding, i) => {
    const { privateKey } = await createIdentity()
    const node = await createHost({ privateKey, transport: 'tcp', listen })
    await node.start()
    const handover = createHandover(handoverInit(encoding))({ node })
    await handover.start()
    takeAll(handover, senders[i]).catch(error => {
      if (!ending.signal.aborted) throw error
    })
    return { node, handover }
  }),
)
await hosts[0].node.handle('/bare/1', async stream => {
  let left = bytes
  for await (const chunk of stream) {
    left -= chunk.byteLength
    if (left === 0) stream.send(new Uint8Array(1))
  }
  await stream.close()
})
const server = net.createServer(socket => {
  let left = bytes
  socket.on('data', data => {
    left -= data.length
    if (left > 0) return
    left = bytes
    socket.write(new Uint8Array(1))
  })
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const addresses = hosts.map(({ node }) => node.getMultiaddrs().map(String))
await answerLines({ addresses, port: server.address().port }, () => ({}))
ending.abort()
server.close()
for (const { node, handover } of hosts) {
  await handover.stop()
  await node.stop()
}

/** One head after another, as a peer takes and merges them. */
async function takeAll(handover, sender) {
  for (let round = 0; ; round++) {
    handover.advance(round, 0)
    handover.release(await handover.take(sender, round, 0, ending.signal))
  }
}
