// One whole simulation: the counterpart of torch/simulate.py. Loads, says so, waits for a line, runs, and says how it
// went.   node run.js MANIFEST        a manifest as JSON
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createSimulation, parseManifest } from '../../dist/index.js'
import { answerLines } from './child.js'

const simulation = await createSimulation(parseManifest(JSON.parse(process.argv[2])), {
  backend: process.argv[3],
  baselines: false,
})
const { backend, layout, workers } = simulation.prepared
await answerLines({ backend: backend.name, workers, parameters: layout.size }, async () => {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const { last, samples, seconds, absent } = await resultOf(simulation.run())
  delay.disable()
  const { user, system } = process.cpuUsage()
  const ms = nanoseconds => nanoseconds / 1e6
  return {
    seconds,
    samples,
    accuracy: last.accuracy.mean,
    absent,
    // Of the whole process, its start included.
    cpuSeconds: (user + system) / 1e6,
    // Node counts in KiB on every system.
    peakMB: (process.resourceUsage().maxRSS * 1024) / 1e6,
    delay: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
  }
})
await simulation.close()

async function resultOf(events) {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
  }
}
