import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { simulated, temporaryFolder } from '../e2e/hearsay.js'
import {
  eventsSoFar,
  type FieldPeer,
  joinPeer,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  summaryOf,
  until,
} from '../e2e/peers.js'

const peers = 12
const rounds = 16

/** Rounds as long as those of churn.test.ts, and for the same reason. */
const fields = {
  peers,
  minPeers: peers,
  rounds,
  // Six senders each, of which one may be missing.
  topology: { kind: 'random-regular', degree: 6 },
  masks: { dropout: 'shares' },
  training: { steps: 1800 },
  evaluation: { every: 5 },
  limits: { exchangeSeconds: 20, joinSeconds: 10 },
}

/** Reasons that are nobody's fault where peers come and go: none says that a sum was garbage, or far from all heads. */
const innocent = [
  ...['STALE_ROUND', 'FUTURE_ROUND', 'NOT_A_NEIGHBOUR', 'CUT_OFF', 'TIMEOUT', 'DUPLICATE', 'STALE_RECORD'],
  ...['VOID_MISSING', 'VOID_UNLIKE', 'VOID_UNANSWERED', 'VOID_TOO_FEW'],
]

describe('churn with masks', () => {
  it(`${peers} processes, some of which are killed and come back, end, and have learnt from sums`, async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile(fields)
    const folders = Array.from({ length: peers }, (_, number) => join(folder, `peer-${number}`))
    const start = startPeer(manifest, folders[0]!)
    const address = await start.address
    const running: FieldPeer[] = [start, ...folders.slice(1).map(out => joinPeer(address, out))]
    await until(() => folders.every(out => existsSync(join(out, 'metrics.jsonl'))), running)

    const progress = (): number => Math.max(...folders.map(roundsOf))
    for (let killed = 0; 4 * killed + 2 < rounds - 5; killed++) {
      await until(() => progress() >= 4 * killed + 2, running)
      const victim = (3 * killed + 5) % peers
      running[victim]!.running.child.kill('SIGKILL')
      await running[victim]!.running.ended
      await until(() => progress() >= 4 * killed + 3, running)
      running[victim] = resumePeer('start', folders[victim]!)
    }
    const ended = await Promise.all(running.map(({ running: { ended } }) => ended))
    expect(ended.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      ended.map(() => ({ status: 0, stderr: '' })),
    )

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
      expect(Object.keys(rejected).filter(reason => !innocent.includes(reason))).toEqual([])
    }
    for (const out of folders) expect(eventsSoFar(out).at(-1)!.type).toBe('finished')
    // Who comes or goes changes the graph, and until all know it no two agree on who sends.
    expect(summed).toBeGreaterThan(exchanged.length / 3)
    expect(Math.abs(accuracy - mean)).toBeLessThan(0.03)
  }, 1_800_000)
})
