import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPeer } from '../../src/disk/index.js'
import { simulated, temporaryFolder } from '../e2e/hearsay.js'
import {
  eventsSoFar,
  type FieldPeer,
  joinPeer,
  manifestFile,
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
  topology: { kind: 'random-regular', degree: 4 },
  encoding: { codec: 'topk', keep: 0.25, memory: 'choco' },
  training: { steps: 1800 },
  evaluation: { every: 5 },
  limits: { exchangeSeconds: 20, joinSeconds: 10 },
}

/** Reasons that are nobody's fault where peers come and go: none says that copies differ without a message missed. */
const innocent = [
  ...['STALE_ROUND', 'FUTURE_ROUND', 'NOT_A_NEIGHBOUR', 'CUT_OFF', 'TIMEOUT', 'DUPLICATE', 'STALE_RECORD'],
  'COPY_GAP',
]

describe('churn with memory', () => {
  it(`${peers} processes, of which one is killed every two rounds, end with copies of the same bits`, async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile(fields)
    const folders = Array.from({ length: peers }, (_, number) => join(folder, `peer-${number}`))
    const start = startPeer(manifest, folders[0]!)
    const address = await start.address
    const running: FieldPeer[] = [start, ...folders.slice(1).map(out => joinPeer(address, out))]
    await until(() => folders.every(out => existsSync(join(out, 'metrics.jsonl'))), running)

    const progress = (): number => Math.max(...folders.map(roundsOf))
    for (let killed = 0; 2 * killed + 2 < rounds - 4; killed++) {
      await until(() => progress() >= 2 * killed + 2, running)
      const victim = (3 * killed + 5) % peers
      running[victim]!.running.child.kill('SIGKILL')
      await running[victim]!.running.ended
      await until(() => progress() >= 2 * killed + 3, running)
      running[victim] = resumePeer('start', folders[victim]!)
    }
    const ended = await Promise.all(running.map(({ running: { ended } }) => ended))
    expect(ended.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      ended.map(() => ({ status: 0, stderr: '' })),
    )
    for (const out of folders) expect(eventsSoFar(out).at(-1)!.type).toBe('finished')

    // P15, among those that were there in the last round.
    const all = await Promise.all(folders.map(copiesOf))
    const own = new Map(all.map(([mine]) => [mine!.name, mine!]))
    const last = all
      .flatMap(([, ...others]) => others)
      .filter(({ name, round }) => round === rounds - 1 && own.get(name)!.round === rounds - 1)
    const unlike = last.filter(({ name, values }) => Buffer.compare(bytes(values), bytes(own.get(name)!.values)) !== 0)
    const undisturbed = await simulated([manifest])
    const summaries = await Promise.all(folders.map(summaryOf))
    const accuracy = summaries.reduce((sum, { accuracy }) => sum + accuracy!, 0) / peers
    const repairBytes = summaries.reduce((sum, { traffic }) => sum + traffic.received.repair, 0)
    const { mean } = undisturbed.summary.accuracy
    const held = all.reduce((sum, [, ...others]) => sum + others.length, 0)
    const figures = { undisturbed: mean, accuracy, held, last: last.length, unlike: unlike.length, repairBytes }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    expect(unlike).toEqual([])
    expect(last.length).toBeGreaterThan(held / 2)
    expect(repairBytes).toBeGreaterThan(0)
    for (const { rejected } of summaries) {
      expect(Object.keys(rejected).filter(reason => !innocent.includes(reason))).toEqual([])
    }
    expect(Math.abs(accuracy - mean)).toBeLessThan(0.03)
  }, 1_800_000)
})

/** The copies of a peer that has ended, its own first; and the round of each. */
async function copiesOf(out: string) {
  const { method } = await readPeer(out)
  const tensors = method.tensors.filter(({ name }) => name.startsWith('copy:'))
  return tensors.map(({ name, values }, at) => ({ name, values, round: method.numbers.copies![at]! }))
}

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
