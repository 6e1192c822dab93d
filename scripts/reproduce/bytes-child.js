// Runs simulations that its parent sends, one after another.
import { simulate } from './run.js'

process.on('message', async ({ manifest, options }) => {
  try {
    const figures = await simulate(manifest, options, ({ summary, peers, sentBytes }) => ({
      accuracy: summary.accuracy.mean,
      bytes: sentBytes / peers.length,
      seconds: summary.seconds,
    }))
    process.send({ figures })
  } catch (error) {
    process.send({ error: error.stack })
  }
})
