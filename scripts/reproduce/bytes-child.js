// Runs simulations that its parent sends, one after another.
import { simulate } from './run.js'

process.on('message', async ({ manifest, options }) => {
  const before = process.cpuUsage()
  try {
    const figures = await simulate(manifest, options, ({ summary, peers, sentBytes }) => ({
      accuracy: summary.accuracy.mean,
      bytes: sentBytes / peers.length,
      seconds: summary.seconds,
    }))
    const { user, system } = process.cpuUsage(before)
    process.send({ figures: { ...figures, cpuSeconds: Number(((user + system) / 1e6).toFixed(1)) } })
  } catch (error) {
    process.send({ error: error.stack })
  }
})
