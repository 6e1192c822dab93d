import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { expectRefusal, folderForTest } from './in-process.js'

/*
 * Mistakes that a command finds before it starts anything. Those that commander finds, and those that are found when
 * threads and sockets are there, are made in processes of their own, in test/e2e/mistakes.test.ts.
 */

interface Mistake {
  readonly args: readonly string[]
  readonly says: readonly (string | RegExp)[]
}

const archive = new URL('../../data/pneumoniamnist/pneumoniamnist.npz', import.meta.url)
const tiny = ['--data', 'digits', '--model', 'logistic', '--partition', 'iid', '--workers', '1'] as const

/** A file with this content in a folder of its own. */
async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await folderForTest(), name)
  await writeFile(path, content)
  return path
}

const table = (rows: readonly string[]): string => `${['age,weight,label', ...rows].join('\n')}\n`
const goodRows = Array.from({ length: 30 }, (_, row) => `${row},${row * 2},${row % 2}`)

const mistakes: Readonly<Record<string, () => Promise<Mistake> | Mistake>> = {
  'a manifest that is no YAML': async () => {
    const path = await fileOf('run.yaml', 'data: [digits\n')
    return { args: [path], says: [`${path}:2:1: `] }
  },
  'a misspelt topology': () => ({
    args: [...tiny, '--topology', 'rign'],
    says: ['topology.kind', '"rign"', 'did you mean "ring"?'],
  }),
  'a topology file with a peer that is not there': async () => {
    const path = await fileOf('own.yaml', 'topology:\n  kind: edges\n  edges: [[0, 1], [1, bern]]\n')
    return { args: [...tiny, '--topology', path], says: [`${path}:3:23`, 'bern'] }
  },
  'text in a numeric column': async () => {
    const path = await fileOf('patients.csv', table([...goodRows, 'fifty,3,1']))
    return { args: ['--data', path, '--model', 'logistic', '--peers', '2'], says: [`${path}:32`, 'age', 'fifty'] }
  },
  'an archive that was cut off': async () => {
    const whole = await readFile(archive)
    const path = await fileOf('cut.npz', whole.subarray(0, whole.length >> 1))
    return { args: ['--data', path, '--model', 'logistic'], says: [path] }
  },
  'data that are not there': () => ({ args: ['--data', 'nowhere.csv'], says: ['nowhere.csv', 'pneumoniamnist'] }),
  'no peers': () => ({ args: [...tiny, '--peers', '0'], says: ['peers', 'at least 1'] }),
  'a number that does not go with the method': () => ({
    args: [...tiny, '--merge', 'dfedavg', '--gossip-steps', '4'],
    says: ['merge.gossipSteps', 'dfedavg', 'dfedsam-mgs'],
  }),
  'acceleration on a graph that changes': () => ({
    args: [...tiny, ...'--topology one-peer-exponential --merge dfedsam-mgs --acceleration chebyshev'.split(' ')],
    says: ['merge.acceleration', 'one-peer-exponential', 'plain'],
  }),
  'a folder that is not empty': async () => {
    const path = await fileOf('notes.txt', 'mine')
    const folder = join(path, '..')
    return { args: [...tiny, '--rounds', '1', '--out', folder], says: ['--out', folder, 'not empty'] }
  },
  'flags for a run that has begun': () => ({
    args: ['--resume', 'run', '--rounds', '40', '--backend', 'wasm'],
    says: [/^--resume run: goes on as it was begun; leave out --rounds, --backend$/],
  }),
  'a run to resume that is over': async () => {
    const path = await fileOf('manifest.yaml', 'data: digits\n')
    return { args: ['--resume', join(path, '..')], says: [/keeps no state to go on from; .* until it is over, .*$/] }
  },
  'a fault in a round that there is not': () => ({
    args: [...tiny, '--rounds', '2', '--fail', '0@2'],
    says: ['--fail 0@2', 'rounds 0 to 1'],
  }),
}

describe('hearsay simulate answers in one line to', () => {
  it.each(Object.entries(mistakes))('%s', async (_, mistake) => {
    const { args, says } = await mistake()
    await expectRefusal(['simulate', ...args], { says })
  })
})

describe('hearsay answers in one line to', () => {
  it.each<[string[], string | RegExp]>([
    [['topology', 'rign'], 'ring'],
    [['topology', 'ring', '--peers', '1.5'], 'peers'],
    [['data', 'nowhere'], 'nowhere'],
    [['data', 'digits', '--partition', 'dirichlet:x'], 'dirichlet:x'],
    [['key', 'old'], /^key old: the action must be new$/],
    [['figures', '.', '--format', 'csv,xlsx'], /^--format xlsx: must be of csv, openmetrics, tensorboard$/],
    [['init', '--yes', '--rounds', '0'], 'rounds: must be at least 1'],
    [['init', '--yes', '--min-peers', 'some'], '--min-peers some: must be a number'],
    [['init', '--yes', '--out', '.'], '.: is there already; write over it with --force'],
  ])('%j', async (args, names) => {
    await expectRefusal(args, { says: [names] })
  })
})
