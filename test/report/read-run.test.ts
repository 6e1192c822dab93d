import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { manifestYaml, parseManifest, type RunEvent } from '../../src/node/index.js'
import { readRun, writeReport } from '../../src/report/index.js'

const members = ['boston', 'bern'].map(name => ({ peer: `id-${name}`, name }))
const of = { peer: members[0]!.peer, round: 0 }
const events: RunEvent[] = [
  { type: 'begin', atMs: 1000, round: 0, run: 'ab', members },
  { ...of, type: 'trained', atMs: 2000, loss: 1, samples: 5, seconds: 1 },
  { ...of, type: 'evaluated', atMs: 3000, accuracy: 0.5, loss: 2 },
  { ...of, type: 'ended', atMs: 3000, seconds: 2 },
]

/** A run folder with these files. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-report-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

const manifest = manifestYaml(parseManifest({ data: 'digits', peers: 2, rounds: 4, topology: 'ring' }))
const metrics = events.map(event => `${JSON.stringify(event)}\n`).join('')
const confusion = [
  [3, 1],
  [0, 4],
]
const summary = JSON.stringify({
  backend: 'wasm',
  spectralGap: 0.5,
  rounds: 1,
  interrupted: true,
  accuracy: { mean: 0.75, min: 0.5, max: 1, ofMean: 0.8 },
  fairness: { figure: 'accuracy', worst: { peer: 1, name: 'bern', value: 0.5 }, percentile10: 0.525, jain: 0.9 },
  rejected: { TOO_FAR: 2, LATE: 0 },
  classes: ['ill', 'well'],
  perPeer: [
    { name: 'boston', samples: 40, confusion },
    { name: 'bern', samples: 'many' },
  ],
})

describe('what a report takes from a run folder', () => {
  it('is its manifest, its events and its summary', async () => {
    const data = await readRun(
      await folderOf({ 'manifest.yaml': manifest, 'metrics.jsonl': metrics, 'summary.json': summary }),
    )
    expect(data).toMatchObject({
      measure: 'accuracy',
      says: 'dfedsam on digits: 2 peers, on a ring, 4 rounds',
      manifest,
      arrangement: 'circle',
      rejected: [['TOO_FAR', 2]],
      classes: ['ill', 'well'],
      peers: [
        { samples: 40, confusion },
        { samples: null, confusion: null },
      ],
      contraction: 0.25,
      paper: { arxiv: '2302.04083' },
      record: { run: 'ab', rounds: [{ columns: { accuracy: [0.5, null] } }] },
    })
    expect(data.outcome).toEqual(
      expect.arrayContaining([
        ['accuracy', '75.0 % (50.0 % to 100.0 %); averaged model 80.0 %'],
        ['worst peer', 'bern: 50.0 %'],
        ['10th percentile', '52.5 %'],
        ['Jain’s index', '0.900'],
        ['rounds', '1 of 4, interrupted'],
      ]),
    )
    expect(data.environment).toContainEqual(['backend', 'wasm'])
  })

  it('is, where the rule is too strict, what would let more heads in, for the report and the dashboard', async () => {
    const hint = (peer: string, round: number, field: string, apart: number | null) =>
      JSON.stringify({ ...{ type: 'refused', atMs: 1, peer, round, step: 0, heads: [] }, tooStrict: { field, apart } })
    const outcomeOf = async (...hints: string[]): Promise<readonly string[] | undefined> => {
      const files = { 'manifest.yaml': manifest, 'metrics.jsonl': `${metrics}${hints.join('\n')}\n` }
      return (await readRun(await folderOf(files))).outcome.find(([name]) => name === 'believe')?.slice(1)
    }
    const says = (apart: string, field = 'gamma'): string =>
      `in round 5; heads of the first rounds lay at ${apart} of the own norm: a larger ${field} lets more in`
    expect(await outcomeOf()).toBeUndefined()
    expect(await outcomeOf(hint('id-boston', 4, 'gamma', 0.25))).toEqual([`too strict at boston ${says('0.250')}`])
    expect(await outcomeOf(hint('id-bern', 4, 'gamma', 0.5), hint('id-boston', 6, 'gamma', 9))).toEqual([
      `too strict at bern and 1 other ${says('0.500')}`,
    ])
    expect(await outcomeOf(hint('id-bern', 4, 'ga\u202emma', null))).toEqual([
      `too strict at bern ${says('Infinity', 'ga\\u202emma')}`,
    ])
  })

  it('of an interrupted run is its last test, and what was not tested', async () => {
    const files = { 'manifest.yaml': manifest, 'metrics.jsonl': metrics }
    const ended = { interrupted: true, perPeer: [{ name: 'boston', confusion }] }
    const read = async (rounds: number, of = files): Promise<unknown> => {
      const summary = JSON.stringify({ ...ended, rounds })
      return (await readRun(await folderOf({ ...of, 'summary.json': summary }))).untested
    }
    expect(await read(1)).toBeNull()
    expect(await read(3)).toBe(
      'Of the test after round 1; the run was interrupted after round 3, which was not tested.',
    )
    const [begin] = metrics.split('\n')
    expect(await read(0, { ...files, 'metrics.jsonl': `${begin}\n` })).toBe(
      'The run was interrupted before its first test.',
    )
  })

  it('of a peer in the field is its own last test, beside those that it has met', async () => {
    const field = JSON.stringify({ id: 'id-bern', samples: 7, confusion, classes: ['ill', 'well'] })
    const files = { 'manifest.yaml': manifest, 'metrics.jsonl': metrics, 'summary.json': field }
    expect(await readRun(await folderOf(files))).toMatchObject({
      classes: ['ill', 'well'],
      peers: [
        { samples: null, confusion: null },
        { samples: 7, confusion },
      ],
    })
  })

  it('is what there is, where a process was killed: no summary, and a line that is cut', async () => {
    const files = { 'manifest.yaml': manifest, 'metrics.jsonl': `${metrics}{"type":"trai`, 'summary.json': 'null' }
    const data = await readRun(await folderOf(files))
    expect(data.outcome).toContainEqual(['rounds', '1 of 4 so far'])
    expect(data).toMatchObject({ contraction: null, classes: [], record: { malformed: 0 } })
  })

  it('is how many samples peers have, from the beginning of a simulation on', async () => {
    const peers = JSON.stringify([
      { peer: 0, name: 'boston', samples: 40 },
      { peer: 1, name: 'bern', samples: 7 },
    ])
    const files = { 'manifest.yaml': manifest, 'metrics.jsonl': metrics, 'peers.json': peers }
    const samplesIn = async (of: Record<string, string>): Promise<unknown> =>
      (await readRun(await folderOf(of))).peers.map(({ samples }) => samples)
    expect(await samplesIn(files)).toEqual([40, 7])
    expect(await samplesIn({ ...files, 'peers.json': '[{"id":"of the field","addresses":[]}]' })).toEqual([null, null])
    // More peers than a run may have are not looked at.
    const many = JSON.stringify(Array.from({ length: 10_001 }, () => JSON.parse(peers)[0]))
    expect(await samplesIn({ ...files, 'peers.json': many })).toEqual([null, null])
    expect(await samplesIn({ ...files, 'summary.json': summary })).toEqual([40, null])
  })

  it('has no text that would turn or hide other text', async () => {
    const nasty = 'a\u001b[2J\u202eb\u2028c'
    const begin = { type: 'begin', atMs: 1000, round: 0, run: nasty, members }
    const worst = { name: nasty, value: 0.5 }
    const files = {
      'manifest.yaml': manifest,
      'metrics.jsonl': `${JSON.stringify(begin)}\n`,
      'summary.json': JSON.stringify({
        ...{ backend: nasty, transport: nasty, device: { name: nasty }, rejected: { [nasty]: 1 } },
        fairness: { worst, percentile10: 0.5, jain: null },
      }),
    }
    const { outcome, environment, rejected } = await readRun(await folderOf(files))
    const plain = 'a\\x1b[2J\\u202eb\\u2028c'
    expect(rejected).toEqual([[plain, 1]])
    expect(outcome).toEqual(expect.arrayContaining([...[['run', plain]], ['worst peer', `${plain}: 50.0 %`]]))
    const names = ['backend', 'device', 'transport']
    expect(environment.filter(([name]) => names.includes(name))).toEqual(names.map(name => [name, plain]))
  })

  it('is refused in one line where it is no run folder', async () => {
    await expect(readRun(await folderOf({ 'manifest.yaml': manifest }))).rejects.toThrow(
      /has no metrics.jsonl, so it is no run folder/,
    )
    await expect(readRun('/nowhere')).rejects.toThrow('/nowhere')
  })
})

it('a report takes the place of an earlier one, and moves with its folder', async () => {
  const folder = await folderOf({ 'manifest.yaml': manifest, 'metrics.jsonl': metrics, 'report.html': 'old' })
  const path = await writeReport(folder)
  expect(path).toBe(join(folder, 'report.html'))
  await cp(path, join(folder, 'copy.html'))
  await expect(writeReport(folder, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
})
