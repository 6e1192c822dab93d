import { setTimeout } from 'node:timers/promises'
import { createBuffers, createHost, createPublication, headsTopic } from '../../dist/gossip/index.js'
import { createIdentity } from '../../dist/index.js'
import { allocate, layoutOf } from '../../dist/tensors/index.js'
import { median, print } from './measure.js'

const runId = new Uint8Array(32).fill(7)
const layout = layoutOf([
  { name: 'output/kernel', shape: [64, 10] },
  { name: 'output/bias', shape: [10] },
])

/**
 * A head of everybody to everybody over gossipsub, all hosts in this process, beside the signatures alone: each head is
 * verified once at each host. What else it costs is libp2p's, for each copy of a message that crosses an edge.
 */
export async function publish({ quick }) {
  const rows = [['hosts', 'edges of each', 'heads taken', 'CPU s a round', 'of the signatures alone', 'ms CPU a head']]
  for (const [hosts, degree] of quick
    ? [[16, 4]]
    : [
        [16, 2],
        [16, 4],
        [64, 2],
        [64, 4],
      ]) {
    const { seconds, verifying } = await rounds(hosts, degree)
    const heads = hosts * (hosts - 1)
    const times = (seconds / (verifying * heads)).toFixed(1)
    rows.push([hosts, degree, heads, seconds.toFixed(2), times, ((1000 * seconds) / heads).toFixed(2)])
  }
  print('publish: heads of 2.6 KB (float32) to everybody, until the last has taken the last', rows)
}

async function rounds(hosts, degree) {
  const buffers = createBuffers()
  let taken = 0
  const peers = []
  for (let i = 0; i < hosts; i++) {
    const { privateKey } = await createIdentity()
    const node = await createHost({
      privateKey,
      transport: 'memory',
      listen: [`/memory/publish-${hosts}-${degree}-${i}`],
    })
    await node.start()
    const onHead = () => {
      taken += 1
    }
    const init = { runId, rounds: 1000, privateKey, layout, normLimit: 1e6, buffers, onHead }
    const publication = createPublication(init)({ node })
    await publication.start()
    peers.push({ node, publication, privateKey })
  }
  for (let i = 0; i < hosts; i++) {
    for (let side = 1; side <= degree / 2; side++) {
      await peers[i].node.dial(peers[(i + side ** 2) % hosts].node.getMultiaddrs())
    }
  }
  const meshOf = ({ node }) => node.services.pubsub.getMeshPeers(headsTopic(runId)).length
  while (!peers.every(peer => meshOf(peer) >= Math.min(degree, 2))) await setTimeout(100)

  const seconds = []
  for (let round = 0; round < 4; round++) {
    taken = 0
    const before = process.cpuUsage()
    const head = allocate(layout).fill(round)
    await Promise.all(peers.map(({ publication }) => publication.publish(round, head)))
    while (taken < hosts * (hosts - 1)) await setTimeout(2)
    const { user, system } = process.cpuUsage(before)
    // The first round warms up.
    if (round > 0) seconds.push((user + system) / 1e6)
  }
  const verifying = await secondsOfVerifying(peers[0].privateKey)
  for (const { publication, node } of peers) {
    await publication.stop()
    await node.stop()
  }
  return { seconds: median(seconds), verifying }
}

async function secondsOfVerifying(privateKey) {
  const message = new Uint8Array(4 * layout.size + 300)
  const signature = await privateKey.sign(message)
  const before = process.cpuUsage()
  const times = 500
  for (let i = 0; i < times; i++) await privateKey.publicKey.verify(message, signature)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6 / times
}
