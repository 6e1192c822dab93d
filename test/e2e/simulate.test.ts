import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseManifest, runIdOf } from '../../src/node/index.js'
import { decodeSafetensors } from '../../src/tensors/index.js'
import {
  differing,
  type Ended,
  eventsOf,
  hearsay,
  readJson,
  readRun,
  simulated,
  temporaryFolder,
  tiny,
} from './hearsay.js'

const ring = [...tiny, '--peers', '4', '--rounds', '2', '--merge', 'dfedsam']

/** The same run, with baselines, for those who look at it and those who repeat it. */
let [first, out] = [] as unknown as [Ended, string]
beforeAll(async () => {
  out = join(await temporaryFolder(), 'run')
  first = await hearsay(['simulate', ...ring, '--json', '--out', out])
})

describe('hearsay simulate --json', () => {
  it('prints one object with these keys and keeps the run', async () => {
    const { status, stdout, stderr } = first
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.endsWith('}\n')).toBe(true)
    const printed = JSON.parse(stdout) as Record<string, object>
    expect(Object.keys(printed)).toEqual(
      (
        'run seed backend transport peers rounds interrupted seconds topology merge measure accuracy beside rarest primary fairness consensusDistance spectralGap bytes ' +
        'samplesPerSecond peakRssMB'
      ).split(' '),
    )
    expect(Object.keys(printed.accuracy!)).toEqual(['mean', 'min', 'max', 'ofMean', 'localOnly', 'centralised'])
    expect(Object.keys(printed.bytes!)).toEqual(['sent', 'perPeerPerRound'])
    expect(printed).toMatchObject({
      seed: 1,
      transport: 'tcp',
      peers: 4,
      rounds: 2,
      topology: 'ring',
      merge: 'dfedsam',
    })
    for (const value of Object.values(printed.accuracy!)) expect(value).toBeGreaterThan(0.1)

    expect((await readdir(out)).sort()).toEqual([
      'manifest.yaml',
      'metrics.jsonl',
      'peers',
      'peers.json',
      'report.html',
      'summary.json',
    ])
    const manifest = parseManifest(parse(await readFile(join(out, 'manifest.yaml'), 'utf8')))
    expect(Buffer.from(runIdOf(manifest)).toString('hex')).toBe(printed.run)
    const { summary, parameters } = await readRun(out)
    expect(summary).toMatchObject(printed)
    expect(summary).toMatchObject({ interrupted: false, absent: 0, rejected: {} })
    expect(summary.perPeer.map(({ localOnly }) => localOnly)).not.toContain(null)

    const events = await eventsOf(out)
    const count = (type: string): number => events.filter(event => event.type === type).length
    expect([count('joined'), count('trained'), count('exchanged'), count('merged'), count('evaluated')]).toEqual([
      4, 8, 8, 8, 8,
    ])
    expect([count('round'), count('finished'), count('baseline')]).toEqual([2, 4, 10])

    const peers = await readJson<{ name: string; id: string; addresses: string[] }[]>(join(out, 'peers.json'))
    expect(peers.map(({ name }) => `${name}.safetensors`)).toEqual([...parameters.keys()])
    expect(peers.map(({ id }) => id)).toEqual(peers.map(({ id }) => id).sort())
    expect(new Set(peers.flatMap(({ addresses }) => addresses)).size).toBe(4)
    for (const [name, bytes] of parameters) {
      const { layout, values } = decodeSafetensors(bytes, name)
      expect(layout.tensors.map(({ name: tensor, shape }) => [tensor, shape])).toEqual([
        ['output/kernel', [64, 10]],
        ['output/bias', [10]],
      ])
      expect(values).toHaveLength(650)
      expect(values.every(Number.isFinite)).toBe(true)
    }
  })
})

describe('hearsay simulate --evaluate-every', () => {
  it('tests in every fifth round and after the last, and reports as always', async () => {
    const { out, summary } = await simulated([...tiny, '--peers', '4', '--rounds', '7', '--evaluate-every', '5'])
    const events = await eventsOf(out)
    const of = (type: string): Record<string, unknown>[] => events.filter(event => event.type === type)
    expect(new Set(of('evaluated').map(({ round }) => round))).toEqual(new Set([4, 6]))
    expect(of('evaluated')).toHaveLength(8)
    expect(of('ended')).toHaveLength(28)
    expect(of('round').map(({ round }) => round)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(of('round').flatMap(({ round, accuracy }) => (accuracy === undefined ? [] : [round]))).toEqual([4, 6])
    for (const figures of of('round')) expect(figures.consensusDistance).toBeGreaterThan(0)
    const { mean, ofMean } = summary.accuracy
    expect(of('round')[6]).toMatchObject({ accuracy: { mean, ofMean } })
    expect(summary.rounds).toBe(7)
    const manifest = await readFile(join(out, 'manifest.yaml'), 'utf8')
    expect(parse(manifest)).toMatchObject({ evaluation: { every: 5 } })
  })
})

describe('one manifest and one seed', () => {
  it('give the same numbers: again, over another transport and with other workers; another seed others', async () => {
    const { parameters, summary } = await readRun(out)
    const again = await simulated([join(out, 'manifest.yaml')])
    // Whichever of the two changed a bit, it would be seen.
    const elsewhere = await simulated([...ring, '--transport', 'memory', '--workers', '2'])
    const other = await simulated([...ring, '--seed', '2'])
    // Only the first has baselines.
    const { localOnly: _, centralised: __, ...accuracy } = summary.accuracy
    for (const run of [again, elsewhere]) {
      expect(differing(run.parameters, parameters)).toEqual([])
      expect(run.summary.accuracy).toMatchObject(accuracy)
      expect(run.summary.consensusDistance).toBe(summary.consensusDistance)
      expect(run.summary.run).toBe(summary.run)
    }
    expect(again.summary.accuracy).toEqual(elsewhere.summary.accuracy)
    expect(differing(other.parameters, parameters)).toHaveLength(4)
    expect(other.summary.run).not.toBe(summary.run)
  })
})
