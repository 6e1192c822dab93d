import { describe, expect, it } from 'vitest'
import { simulated } from '../e2e/hearsay.js'
import { eventsSoFar, manifestFile, only, summaryOf } from '../e2e/peers.js'
import { churn, churning, innocent } from './churn.js'

const fields = {
  ...churning,
  // Six senders each, of which one may be missing.
  topology: { kind: 'random-regular', degree: 6 },
  masks: { dropout: 'shares' },
}
const { peers, rounds } = fields

/** What else is nobody's fault: none says that a sum was garbage, or far from all heads. */
const innocentHere = [...innocent, 'VOID_MISSING', 'VOID_UNLIKE', 'VOID_UNANSWERED', 'VOID_TOO_FEW']

describe('churn with masks', () => {
  it(`${peers} processes, some of which are killed and come back, end, and have learnt from sums`, async () => {
    const manifest = await manifestFile(fields)
    const folders = await churn(manifest, { peers, rounds, every: 4, victim: time => (3 * time + 5) % peers })
    const undisturbed = await simulated([manifest])
    const summaries = await Promise.all(folders.map(summaryOf))
    const accuracies = summaries.map(({ accuracy }) => accuracy!)
    const exchanged = folders.flatMap(out => only(eventsSoFar(out), 'exchanged'))
    const summed = exchanged.filter(({ received }) => received.length >= 3).length
    const accuracy = accuracies.reduce((a, b) => a + b) / peers
    const { mean, min } = undisturbed.summary.accuracy
    const lowest = Math.min(...accuracies)
    const figures = { undisturbed: { mean, min }, accuracy, lowest, exchanged: exchanged.length, summed }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    for (const { rejected } of summaries) {
      expect(Object.keys(rejected).filter(reason => !innocentHere.includes(reason))).toEqual([])
    }
    for (const out of folders) expect(eventsSoFar(out).at(-1)!.type).toBe('finished')
    // Who comes or goes changes the graph, and until all know it no two agree on who sends.
    expect(summed).toBeGreaterThan(exchanged.length / 3)
    expect(Math.abs(accuracy - mean)).toBeLessThan(0.03)
  }, 1_800_000)
})
