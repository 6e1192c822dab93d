import { createSimulation, parseManifest } from '../../dist/index.js'

/**
 * One simulation, in the figures of its last round. Peers talk in memory: sockets would change no number, only the time.
 *
 * @param {object} manifest
 * @param {{ backend: string, disconnect?: number, faults?: readonly { peer: number, round: number }[] }} options
 * @returns accuracy, macro-F1 and loss by peer (null of one that was removed); of a mixture the own head's accuracy, the best
 *   received head's and the weight of the own head; the bytes that a peer sends in a round, and the numbers it shares
 */
export async function run(manifest, options) {
  const simulation = await createSimulation(parseManifest(manifest), {
    transport: 'memory',
    baselines: false,
    ...options,
  })
  try {
    const { prepared } = simulation
    const result = await resultOf(simulation.run())
    const ofTests = value =>
      result.peers.map((peer, place) => (alive(peer) ? (value(peer.tested, prepared.ids[place]) ?? null) : null))
    return {
      backend: prepared.backend.name,
      accuracy: ofTests(({ accuracy }) => accuracy),
      macroF1: ofTests(({ macroF1 }) => macroF1),
      loss: ofTests(({ loss }) => loss),
      own: ofTests(({ figures }) => figures?.ownHead),
      bestExpert: ofTests(({ figures }) => figures?.bestExpert),
      ownWeight: ofTests(({ perPeer }, id) => perPeer?.weights[id]),
      bytes: Math.round(result.sentBytes / result.peers.filter(alive).length / manifest.rounds),
      shared: prepared.head.layout.size,
      seconds: Number(result.seconds.toFixed(1)),
    }
  } finally {
    await simulation.close()
  }
}

const alive = peer => !peer.failed

async function resultOf(events) {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
  }
}
