import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/tensors/index.js'
import { eventsOf, simulated, temporaryFolder } from '../e2e/hearsay.js'
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
const rounds = 20
const exchangeSeconds = 20

/**
 * A process that starts while eleven others train has a twelfth of the machine. A round computes a quarter of what a
 * start does, so that on a machine of any speed who was killed is back some four rounds later.
 */
const fields = {
  peers,
  minPeers: peers,
  rounds,
  topology: 'ring',
  training: { steps: 1800 },
  evaluation: { every: 5 },
  limits: { exchangeSeconds, joinSeconds: 10 },
}

/** Reasons for which an honest peer's messages are refused where peers come and go. None says that bytes were broken. */
const innocent = ['STALE_ROUND', 'FUTURE_ROUND', 'NOT_A_NEIGHBOUR', 'CUT_OFF', 'TIMEOUT', 'DUPLICATE', 'STALE_RECORD']

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
    const folder = await temporaryFolder()
    const manifest = await manifestFile(fields)
    const folders = Array.from({ length: peers }, (_, number) => join(folder, `peer-${number}`))
    const start = startPeer(manifest, folders[0]!)
    const address = await start.address
    const running: FieldPeer[] = [start, ...folders.slice(1).map(out => joinPeer(address, out))]
    await until(() => folders.every(out => existsSync(join(out, 'metrics.jsonl'))), running)

    const progress = (): number => Math.max(...folders.map(roundsOf))
    // The last rounds are for the last victim to come back in: a peer that finds all others finished waits for them.
    for (let killed = 0; 2 * (killed + 1) < rounds - 4; killed++) {
      await until(() => progress() >= 2 * (killed + 1), running)
      // The one that everybody joined through is the third.
      const victim = (killed + peers - 2) % peers
      running[victim]!.running.child.kill('SIGKILL')
      await running[victim]!.running.ended
      await until(() => progress() >= 2 * (killed + 1) + 1, running)
      running[victim] = resumePeer('start', folders[victim]!)
    }
    const ended = await Promise.all(running.map(({ running: { ended } }) => ended))
    expect(ended.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      ended.map(() => ({ status: 0, stderr: '' })),
    )

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
