// Preloaded into a process that is measured. When it ends, writes to descriptor 3 a line of JSON: its CPU seconds and its
// peak of memory, of all its threads, and how late its main thread's timers were, in ms.
const { writeSync } = require('node:fs')
const { monitorEventLoopDelay } = require('node:perf_hooks')
const { isMainThread } = require('node:worker_threads')

if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const ms = nanoseconds => nanoseconds / 1e6
  process.on('exit', () => {
    const { user, system } = process.cpuUsage()
    const of = {
      cpuSeconds: (user + system) / 1e6,
      // Node counts in KiB on every system.
      peakMB: (process.resourceUsage().maxRSS * 1024) / 1e6,
      delay: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
    }
    writeSync(3, JSON.stringify(of))
  })
}
