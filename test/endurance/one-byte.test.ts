import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { simulated, temporaryFolder } from '../e2e/hearsay.js'
import {
  eventsSoFar,
  type FieldPeer,
  joinPeer,
  lastModel,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  until,
} from '../e2e/peers.js'

const peers = 12
const rounds = 20

/** As in churn.test.ts, a round takes a good part of the time in which a process starts beside eleven others. */
const fields = {
  peers,
  minPeers: peers,
  rounds,
  training: { batch: 64, learningRate: 0.01, decay: 1 },
  merge: { method: 'one-byte', samples: 300, snapshot: 4 },
  evaluation: { every: 5 },
  limits: { exchangeSeconds: 20, joinSeconds: 10 },
}

describe('one byte a gradient', () => {
  it(`P25 ${peers} processes, of which every second round one is killed and comes back, end with one model`, async () => {
    const folder = await temporaryFolder()
    const folders = Array.from({ length: peers }, (_, number) => join(folder, `peer-${number}`))
    const start = startPeer(await manifestFile(fields), folders[0]!)
    const address = await start.address
    const running: FieldPeer[] = [start, ...folders.slice(1).map(out => joinPeer(address, out))]
    await until(() => folders.every(out => existsSync(join(out, 'metrics.jsonl'))), running)
    const progress = (): number => Math.max(...folders.map(roundsOf))
    // The last rounds are for the last victim to come back in.
    for (let killed = 0; 2 * (killed + 1) < rounds - 4; killed++) {
      await until(() => progress() >= 2 * (killed + 1), running)
      const victim = (killed + peers - 2) % peers
      running[victim]!.running.child.kill('SIGKILL')
      await running[victim]!.running.ended
      await until(() => progress() >= 2 * (killed + 1) + 1, running)
      running[victim] = resumePeer('start', folders[victim]!)
    }
    for (const { running: ended } of running) expect(await ended.ended).toMatchObject({ status: 0, stderr: '' })
    const models = await Promise.all(folders.map(lastModel))
    expect(new Set(models).size).toBe(1)
    for (const out of folders) expect(only(eventsSoFar(out), 'evaluated').at(-1)!.accuracy).toBeGreaterThan(0.5)
  })

  it('comes within 3 points of SGD on the digits, and a peer says less than one head', async () => {
    const run = { peers: 4, evaluation: { every: 80 } }
    const scalars = { method: 'one-byte', samples: 32 }
    const sgd = await simulated([await manifestFile({ ...run, rounds: 80, merge: 'dfedavg', topology: 'full' })])
    const bytes = await simulated([
      await manifestFile({ ...run, rounds: 80, merge: scalars, training: { learningRate: 0.03, decay: 1, batch: 64 } }),
    ])
    const figures = { sgd: sgd.summary.accuracy.mean, oneByte: bytes.summary.accuracy.mean }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    expect(figures.oneByte).toBeGreaterThan(figures.sgd - 0.03)
    expect(80 * scalars.samples).toBeLessThan(4 * 650)
    expect(bytes.summary.consensusDistance).toBe(0)
  })
})
