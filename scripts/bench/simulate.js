import { createSimulation, parseManifest } from '../../dist/index.js'
import { print } from './measure.js'

/** Whole runs over TCP on loopback: 16 peers on a ring, one local epoch a round. */
export async function simulate() {
  const rows = [['model', 'merge', 'backend', 'samples/s', 'seconds', 'mean accuracy']]
  for (const [model, merge] of [
    ['mlp', 'dfedavg'],
    ['mlp', 'dfedsam'],
    ['cnn', 'dfedsam'],
  ]) {
    const manifest = parseManifest({ peers: 16, rounds: 5, model, merge, topology: 'ring' })
    const simulation = await createSimulation(manifest, { baselines: false })
    try {
      const { last, samples, seconds } = await resultOf(simulation.run())
      const rate = Math.round(samples / seconds).toLocaleString('en')
      rows.push([
        model,
        merge,
        simulation.prepared.backend.name,
        rate,
        seconds.toFixed(1),
        `${(last.accuracy.mean * 100).toFixed(1)} %`,
      ])
    } finally {
      await simulation.close()
    }
  }
  print('simulate: 16 peers, ring, PneumoniaMNIST, 5 rounds, batch 32, exchange and evaluation included', rows)
}

async function resultOf(events) {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
  }
}
