import { createSimulation, parseManifest } from '../../dist/index.js'

/**
 * One simulation. Peers talk in memory: sockets would change no number, only the time.
 *
 * @param {object} manifest
 * @param {{ backend: string, disconnect?: number, faults?: readonly { peer: number, round: number }[], attacks?: readonly string[] }} options
 * @param figuresOf - what is wanted of its outcome, and of the simulation before it is closed
 */
export async function simulate(manifest, options, figuresOf) {
  const simulation = await createSimulation(parseManifest(manifest), {
    transport: 'memory',
    baselines: false,
    ...options,
  })
  try {
    return figuresOf(await resultOf(simulation.run()), simulation)
  } finally {
    await simulation.close()
  }
}

/**
 * The figures of a simulation's last round, see {@link simulate}.
 *
 * @returns accuracy, macro-F1 and loss by peer (null of one that was removed); of a mixture the own head's accuracy, the best
 *   received head's and the weight of the own head; the bytes that a peer sends in a round, and the numbers it shares
 */
export function run(manifest, options) {
  return simulate(manifest, options, (result, { prepared }) => {
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
  })
}

const alive = peer => !peer.failed

async function resultOf(events) {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
  }
}
