import { describe, expect, it } from 'vitest'
import { readPeer } from '../../src/disk/index.js'
import { simulated } from '../e2e/hearsay.js'
import { eventsSoFar, manifestFile, summaryOf } from '../e2e/peers.js'
import { churn, churning, innocent } from './churn.js'

const fields = {
  ...churning,
  topology: { kind: 'random-regular', degree: 4 },
  encoding: { codec: 'topk', keep: 0.25, memory: 'choco' },
}
const { peers, rounds } = fields

/** What else is nobody's fault: none says that copies differ without a message missed. */
const innocentHere = [...innocent, 'COPY_GAP']

describe('churn with memory', () => {
  it(`${peers} processes, of which one is killed every two rounds, end with copies of the same bits`, async () => {
    const manifest = await manifestFile(fields)
    const folders = await churn(manifest, { peers, rounds, every: 2, victim: time => (3 * time + 5) % peers })
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
      expect(Object.keys(rejected).filter(reason => !innocentHere.includes(reason))).toEqual([])
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
