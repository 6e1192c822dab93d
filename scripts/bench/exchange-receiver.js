// The other process of the exchange bench: takes heads, bytes of a bare stream and bytes of a bare socket.
import { once } from 'node:events'
import net from 'node:net'
import { createHandover, createHost } from '../../dist/gossip/index.js'
import { createIdentity } from '../../dist/index.js'
import { answerLines } from './child.js'
import { createPlaintextHost, handoverInit, heads, listen } from './exchange-setting.js'

const senders = process.argv.slice(2)
const ending = new AbortController()

const hosts = await Promise.all(
  heads.map(async (head, i) => {
    const { privateKey } = await createIdentity()
    const node = await createHost({ privateKey, transport: 'tcp', listen })
    await node.start()
    const handover = createHandover(handoverInit(head))({ node })
    await handover.start()
    takeAll(handover, senders[i]).catch(error => {
      if (!ending.signal.aborted) throw error
    })
    return { node, handover }
  }),
)
const plain = await createPlaintextHost()
for (const node of [...hosts.map(({ node }) => node), plain]) {
  await node.handle('/bare/1', async stream => {
    for await (const _ of stream);
    stream.send(new Uint8Array(1))
    await stream.close()
  })
}
// Each connection begins with how many bytes it sends at a time.
const server = net.createServer(socket => {
  let bytes = 0
  let left = 0
  socket.on('data', data => {
    if (bytes === 0) {
      bytes = data.readUInt32BE()
      left = bytes + 4
    }
    left -= data.length
    if (left > 0) return
    left = bytes
    socket.write(new Uint8Array(1))
  })
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const addresses = [...hosts.map(({ node }) => node), plain].map(node => node.getMultiaddrs().map(String))
await answerLines({ addresses, port: server.address().port }, () => ({}))
ending.abort()
server.close()
for (const { node, handover } of hosts) {
  await handover.stop()
  await node.stop()
}
await plain.stop()

/** One head after another, as a peer takes and merges them. */
async function takeAll(handover, sender) {
  for (let round = 0; ; round++) {
    handover.advance(round, 0)
    handover.release(await handover.take(sender, round, 0, ending.signal))
  }
}
