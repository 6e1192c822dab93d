import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost } from '../../dist/gossip/index.js'
import { createIdentity, createMetrics, parseManifest, tensorboardReporter } from '../../dist/index.js'
import { listen } from './exchange-setting.js'
import { inTurn, median, print } from './measure.js'

const bytes = 8 * 2 ** 20
const chunk = new Uint8Array(64 * 1024)
const peers = 200
const rounds = 50

/** What it costs to tell other programs: libp2p's own metrics per byte, ours per round and scrape. */
export async function series() {
  await hostMetrics()
  await reporters()
}

/** A bare stream over loopback between two hosts of this process, with and without libp2p's metrics at both. */
async function hostMetrics() {
  const plain = await pair(() => ({}))
  // One registry after the other: libp2p's metrics are global in a process.
  const counted = await pair(async () => (await createMetrics({ host: true })).network)
  const seconds = await inTurn({ plain: plain.send, counted: counted.send }, 45)
  const rate = s => Math.round(bytes / s / 1e6)
  print('series: a stream of 8 MB over loopback, both ends in one process', [
    ['', 'MB/s', 'time'],
    ['plain', rate(seconds.plain), 1],
    ['--host-metrics at both ends', rate(seconds.counted), (seconds.counted / seconds.plain).toFixed(3)],
  ])
  await Promise.all([plain.stop(), counted.stop()])
}

async function pair(network) {
  const hosts = []
  for (let i = 0; i < 2; i++) {
    const { privateKey } = await createIdentity()
    hosts.push(await createHost({ privateKey, transport: 'tcp', listen, ...(await network()) }))
  }
  const [from, to] = hosts
  await Promise.all(hosts.map(host => host.start()))
  await to.handle('/bare/1', async stream => {
    let left = bytes
    for await (const part of stream) {
      left -= part.byteLength
      if (left === 0) stream.send(new Uint8Array(1))
    }
    await stream.close()
  })
  await from.dial(to.getMultiaddrs())
  return {
    async send() {
      const stream = await from.dialProtocol(to.peerId, '/bare/1')
      for (let sent = 0; sent < bytes; sent += chunk.length) if (!stream.send(chunk)) await stream.onDrain()
      for await (const _ of stream) break
      await stream.close()
    },
    stop: () => Promise.all(hosts.map(host => host.stop())),
  }
}

/** A made-up run of many peers: what its reporters and a scrape take of the thread that the network has. */
async function reporters() {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-bench-'))
  const members = Array.from({ length: peers }, (_, i) => ({ peer: `id-${i}`, name: `peer-${i}` }))
  const manifest = parseManifest({ data: 'digits', peers, rounds })
  const run = { id: 'ab'.repeat(32), manifest, rounds: 0, members, classes: [], baselines: false }
  const metrics = await createMetrics()
  const told = {
    'Prometheus, a round': metrics.reporter,
    'TensorBoard, a round': tensorboardReporter(folder, console.error),
  }
  const rows = [['200 peers', 'ms a round', 'ms at its end']]
  const scrapes = []
  for (const [name, reporter] of Object.entries(told)) {
    const times = []
    reporter.onBegin(run)
    reporter.onEvent({ type: 'begin', atMs: 1, round: 0, run: run.id, members })
    for (let round = 0; round < rounds; round++) {
      let took = 0
      let last = 0
      for (const event of eventsOf(members, round)) {
        const startedAt = performance.now()
        await reporter.onEvent(event)
        last = performance.now() - startedAt
        took += last
      }
      times.push([took, last])
      if (reporter !== metrics.reporter) continue
      const startedAt = performance.now()
      await metrics.text()
      scrapes.push(performance.now() - startedAt)
    }
    await reporter.onEnd?.({ how: 'finished' })
    rows.push([name, ...[0, 1].map(i => median(times.map(row => row[i])).toFixed(1))])
  }
  rows.push(['Prometheus, a scrape', median(scrapes).toFixed(1), ''])
  print('series: events of a round told to a reporter, and a scrape', rows)
  await rm(folder, { recursive: true })
}

function* eventsOf(members, round) {
  for (const { peer } of members) {
    const of = { atMs: 1000 * round, peer, round }
    yield { ...of, type: 'trained', loss: 0.25, samples: 10, seconds: 0.5 }
    yield { ...of, type: 'exchanged', step: 0, received: [members[0].peer], absent: [], waitSeconds: 0.1 }
    yield { ...of, type: 'merged', localDistance: 0.5 }
    yield { ...of, type: 'evaluated', accuracy: 0.5, loss: 1.5, macroF1: 0.4, balancedAccuracy: 0.4 }
    yield { ...of, type: 'ended', seconds: 1 }
  }
  yield { type: 'round', atMs: 1000 * round, round, peers, loss: 1, absent: 0, samples: 1, sentBytes: 1, seconds: 1 }
}
