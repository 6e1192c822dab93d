import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/tensors/index.js'
import { eventsOf, simulated } from '../e2e/hearsay.js'
import { eventsSoFar, manifestFile, only, summaryOf } from '../e2e/peers.js'
import { churn, churning, innocent } from './churn.js'

const fields = { ...churning, rounds: 20, topology: 'ring' }
const {
  peers,
  rounds,
  limits: { exchangeSeconds },
} = fields

/** The checkpoints of a run folder, each with the digest that stands in its name. */
async function checkpointsIn(out: string): Promise<{ file: string; named: string; actual: string; values: number }[]> {
  const folder = join(out, 'checkpoints')
  return Promise.all(
    (await readdir(folder)).map(async file => {
      const bytes = await readFile(join(folder, file))
      const actual = createHash('sha256').update(bytes).digest('hex')
      return { file, named: file.split('.')[2]!, actual, values: decodeSafetensors(bytes, file).values.length }
    }),
  )
}

describe('churn', () => {
  // 15 s to start, 105 s to run and 110 s for the undisturbed run, on two cores that others used too.
  it(`${peers} processes, of which every second round one is killed and comes back, end as if nobody had been`, async () => {
    const manifest = await manifestFile(fields)
    // The one that everybody joined through is the third.
    const folders = await churn(manifest, { peers, rounds, every: 2, victim: time => (time + peers - 2) % peers })
    const undisturbed = await simulated([manifest])
    const summaries = await Promise.all(folders.map(summaryOf))
    const { mean, min } = undisturbed.summary.accuracy
    const accuracies = summaries.map(({ accuracy }) => accuracy!)
    const waits = folders.flatMap(out => only(eventsSoFar(out), 'exchanged').map(({ waitSeconds }) => waitSeconds))
    const figures = {
      undisturbed: { mean, min },
      accuracy: accuracies.reduce((a, b) => a + b) / peers,
      lowest: Math.min(...accuracies),
      longestWait: Math.max(...waits),
      caughtUp: folders.flatMap(out => only(eventsSoFar(out), 'caught-up')).length,
    }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    expect(Math.abs(accuracies.reduce((a, b) => a + b) / peers - mean)).toBeLessThan(0.02)
    // One sample of the test set is 0.3 points: single models differ by some samples without any churn.
    expect(Math.min(...accuracies)).toBeGreaterThan(min - 0.02)
    for (const [peer, { rounds: done, rejected }] of summaries.entries()) {
      expect({ peer, done }).toEqual({ peer, done: rounds })
      expect(Object.keys(rejected).filter(reason => !innocent.includes(reason))).toEqual([])
    }
    for (const out of folders) {
      // Throws on a line that is not whole.
      expect((await eventsOf(out)).length).toBeGreaterThan(rounds)
      const events = eventsSoFar(out)
      expect(events.at(-1)!.type).toBe('finished')
      // One deadline, and what two busy cores add to a timer.
      for (const { waitSeconds } of only(events, 'exchanged')) expect(waitSeconds).toBeLessThan(exchangeSeconds + 5)
      const checkpoints = await checkpointsIn(out)
      expect(checkpoints.length).toBeGreaterThan(0)
      for (const { named, actual, values } of checkpoints)
        expect({ actual, values }).toEqual({ actual: named, values: 650 })
    }
  })
})
