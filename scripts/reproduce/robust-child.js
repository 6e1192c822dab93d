// Runs simulations that its parent sends, one after another.
import { simulate } from './run.js'

/** The share of other classes' records that honest peers call the first class without any trigger. */
function mistakenIn({ perPeer }) {
  const rows = perPeer.filter(({ attack }) => attack === undefined).flatMap(({ confusion }) => confusion.slice(1))
  const all = rows.flat().reduce((sum, count) => sum + count, 0)
  return rows.reduce((sum, [first]) => sum + first, 0) / all
}

process.on('message', async ({ manifest, options }) => {
  try {
    const figures = await simulate(manifest, options, ({ summary }) => ({
      accuracy: summary.accuracy.mean,
      lowest: summary.accuracy.min,
      ...(summary.backdoor && { backdoor: summary.backdoor.mean, mistaken: mistakenIn(summary) }),
      rejected: summary.rejected,
      seconds: summary.seconds,
    }))
    process.send({ figures })
  } catch (error) {
    process.send({ error: error.message })
  }
})
