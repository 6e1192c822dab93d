import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { temporaryFolder } from '../e2e/hearsay.js'
import { end, gather, killAll, resumePeer, roundsOf, until, wellEnded } from '../e2e/peers.js'

/**
 * A run of twelve processes on one machine. One that starts while eleven others train has a twelfth of the machine: a
 * round computes a quarter of what a start does, so that on a machine of any speed a peer that is killed is back some
 * four rounds later.
 */
export const churning = {
  peers: 12,
  minPeers: 12,
  rounds: 16,
  training: { steps: 1800 },
  evaluation: { every: 5 },
  limits: { exchangeSeconds: 20, joinSeconds: 10 },
}

/** Reasons for which an honest peer's messages are refused where peers come and go. None says that bytes were broken. */
export const innocent = [
  'STALE_ROUND',
  'FUTURE_ROUND',
  'NOT_A_NEIGHBOUR',
  'CUT_OFF',
  'TIMEOUT',
  'DUPLICATE',
  'STALE_RECORD',
]

/** Who is killed, and when. */
export interface Kills {
  readonly peers: number
  readonly rounds: number
  /** The first peer is killed in round 2, and the next one so many rounds later. */
  readonly every: number
  /** Which peer is killed at the n-th time, by the order in which they came: all join through number 0. */
  readonly victim: (time: number) => number
}

/** In the last rounds the last victim comes back: a peer that finds all others finished waits for them. */
const calmRounds = 4

/**
 * Runs a manifest in processes of which one after another is killed with SIGKILL, and comes back a round of the others
 * later. All must end well.
 *
 * @returns their folders
 */
export async function churn(manifest: string, { peers, rounds, every, victim }: Kills): Promise<string[]> {
  const folder = await temporaryFolder()
  const outs = Array.from({ length: peers }, (_, number) => join(folder, `peer-${number}`))
  const running = await gather(manifest, outs)
  await until(() => outs.every(out => existsSync(join(out, 'metrics.jsonl'))), running)
  const progress = (): number => Math.max(...outs.map(roundsOf))
  for (let time = 0; every * time + 2 < rounds - calmRounds; time++) {
    await until(() => progress() >= every * time + 2, running)
    const at = victim(time)
    await killAll([running[at]!])
    await until(() => progress() >= every * time + 3, running)
    running[at] = resumePeer('start', outs[at]!)
  }
  expect(await Promise.all(running.map(end))).toEqual(running.map(() => wellEnded))
  return outs
}
