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
    const losses = new Map()
    const result = await resultOf(simulation.run(), event => {
      if (event.type === 'evaluated') losses.set(event.peer, event.loss)
    })
    const ofMixture = value => result.peers.map(peer => (alive(peer) && peer.mixture ? value(peer.mixture) : null))
    return {
      backend: prepared.backend.name,
      accuracy: result.peers.map(peer => (alive(peer) ? peer.accuracy : null)),
      macroF1: result.peers.map(peer => (alive(peer) ? peer.macroF1 : null)),
      loss: result.peers.map((peer, i) => (alive(peer) ? losses.get(simulation.prepared.ids[i]) : null)),
      own: ofMixture(({ own }) => own),
      bestExpert: ofMixture(({ bestExpert }) => bestExpert?.accuracy ?? null),
      ownWeight: ofMixture(({ weights }) => weights.own),
      bytes: Math.round(result.sentBytes / result.peers.filter(alive).length / manifest.rounds),
      shared: prepared.head.layout.size,
      seconds: Number(result.seconds.toFixed(1)),
    }
  } finally {
    await simulation.close()
  }
}

const alive = peer => !peer.failed

async function resultOf(events, seen) {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
    seen(next.value)
  }
}
