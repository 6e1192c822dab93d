import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Dataset, loadDataset } from '../../src/data/index.js'
import { decodeSafetensors } from '../../src/tensors/index.js'
import { hearsay, readJson, type SimulatedRun, simulated, temporaryFolder, tiny } from '../e2e/hearsay.js'
import { backend, ok, rowsOf } from './asked.js'

let run: SimulatedRun
let digits: Dataset
beforeAll(async () => {
  run = await simulated([...tiny, ...backend, '--peers', '3', '--rounds', '2'])
  digits = await loadDataset({ set: 'digits' }, 1)
})

/** The test images as a table without labels. */
async function testTable(): Promise<string> {
  const { inputs, size } = digits.test
  const lines = Array.from({ length: size }, (_, i) => inputs.subarray(64 * i, 64 * i + 64).join(','))
  const path = join(await temporaryFolder(), 'test.csv')
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}

/**
 * The mean accuracy of a run that goes on from what `export --bare` has put there, and trains as good as not at all:
 * float32 does not see such a step.
 */
async function accuracyFrom(bare: string): Promise<number> {
  const { standardisation } = await readJson<{ standardisation: object }>(join(bare, 'peer.json'))
  const manifest = join(await temporaryFolder(), 'next.yaml')
  const next = {
    data: { set: 'digits', standardise: standardisation },
    partition: 'iid',
    peers: 1,
    rounds: 1,
    model: { path: join(bare, 'tfjs', 'model.json'), head: 'output' },
    merge: 'none',
    training: { learningRate: 1e-30 },
  }
  await writeFile(manifest, JSON.stringify(next))
  return (await simulated([manifest, ...backend])).summary.accuracy.mean
}

describe('hearsay predict', () => {
  it('is right as often as the summary says, on what the run was tested on', async () => {
    const table = await testTable()
    for (const { name, accuracy } of run.summary.perPeer.slice(1, 2)) {
      const asked = await ok(['predict', run.out, '--peer', name, ...backend])
      const right = rowsOf(asked.stdout).filter((row, i) => row.class === digits.classes[digits.test.labels[i]!]).length
      expect(right / digits.test.size).toBe(accuracy)
      expect(asked.stderr).toContain(`${(accuracy! * 100).toFixed(1)} % of 359 are right; balanced`)
      const { stdout, stderr } = await ok(['predict', run.out, table, '--peer', name, ...backend])
      expect(stdout).toBe(asked.stdout)
      expect(stderr).toBe('')
    }
  })

  it('writes JSON, and says what it cannot', async () => {
    const out = join(await temporaryFolder(), 'answers.json')
    await ok(['predict', run.out, '--peer', 'peer-1', '--out', out, ...backend])
    const answers = await readJson<{ input: string; class: string; probabilities: Record<string, number> }[]>(out)
    expect(answers).toHaveLength(359)
    for (const { class: best, probabilities } of answers) {
      const values = Object.values(probabilities)
      expect(probabilities[best]).toBe(Math.max(...values))
      expect(values.reduce((a, b) => a + b)).toBeCloseTo(1, 4)
    }
    const wrong = async (args: string[], message: string): Promise<void> => {
      const { status, stderr } = await hearsay(['predict', ...args])
      expect(status).toBe(2)
      expect(stderr).toContain(message)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
    await wrong([run.out], '--peer: ')
    await wrong([run.out, '--peer', 'peer-1', '--out', 'answers.txt'], 'must end in .csv or .json')
    await wrong([run.out, 'nowhere.csv', '--peer', 'peer-1'], 'there is no such file')
    await wrong(['nowhere'], 'name the folder of a run')
  })

  it('asks a peer of the field by its last checkpoint', async () => {
    const folder = await temporaryFolder()
    const manifest = join(folder, 'run.yaml')
    await writeFile(manifest, 'data: digits\nmodel: logistic\nrounds: 2\npeers: 2\nminPeers: 1\n')
    const out = join(folder, 'anna')
    await ok(['start', manifest, '--as', 'anna', '--listen', '/ip4/127.0.0.1/tcp/0', '--out', out, ...backend])
    const { accuracy } = await readJson<{ accuracy: number }>(join(out, 'summary.json'))
    const { stderr } = await ok(['predict', out, ...backend])
    expect(stderr).toContain(`${(accuracy * 100).toFixed(1)} % of 359 are right; balanced`)
  })
})

describe('of a mixture', () => {
  it('predict asks the experts too and says who was listened to; export has them, and the own model alone', async () => {
    const manifest = join(await temporaryFolder(), 'run.yaml')
    const models = [{ kind: 'mlp', hidden: [32] }, 'cnn']
    const fields = { data: 'digits', partition: 'iid', merge: 'mixture', models, peers: 2, rounds: 2 }
    await writeFile(manifest, JSON.stringify(fields))
    const mixed = await simulated([manifest, ...backend])
    const { name, accuracy, figures } = mixed.summary.perPeer[0]!
    const { stdout, stderr } = await ok(['predict', mixed.out, '--peer', name, ...backend])
    expect(stderr).toContain(`${(accuracy! * 100).toFixed(1)} % of 359 are right; balanced`)
    const rows = rowsOf(stdout)
    const right = rows.filter((row, i) => row.class === digits.classes[digits.test.labels[i]!]).length
    expect(right / digits.test.size).toBe(accuracy)
    const weights = Object.keys(rows[0]!).filter(column => column.startsWith('weight'))
    expect(weights).toHaveLength(2)
    for (const row of rows) {
      expect(weights.reduce((sum, column) => sum + Number(row[column]), 0)).toBeCloseTo(1, 3)
    }

    const to = join(await temporaryFolder(), 'model')
    await ok(['export', mixed.out, '--peer', name, '--to', to])
    const { layout } = decodeSafetensors(await readFile(join(to, 'safetensors', 'model.safetensors')))
    const kinds = new Set(layout.tensors.map(({ name }) => /^(kept|head):/.exec(name)?.[1]))
    expect(kinds).toEqual(new Set([undefined, 'kept', 'head']))
    // The own model: it is the own head that then answers.
    const bare = join(await temporaryFolder(), 'bare')
    await ok(['export', mixed.out, '--peer', name, '--to', bare, '--format', 'tfjs', '--bare'])
    expect(await accuracyFrom(bare)).toBe(figures!.ownHead)
  })
})

describe('hearsay export', () => {
  it('--bare makes a model with which Hearsay goes on where the peer was', async () => {
    const to = join(await temporaryFolder(), 'start')
    const { stdout } = await ok(['export', run.out, '--peer', 'peer-2', '--to', to, '--format', 'tfjs', '--bare'])
    expect(stdout.trim().split('\n')).toHaveLength(3)
    expect(await accuracyFrom(to)).toBe(run.summary.perPeer[2]!.accuracy)
  })

  it('writes every format, once', async () => {
    const to = join(await temporaryFolder(), 'model')
    await ok(['export', run.out, '--peer', 'peer-2', '--to', to])
    expect((await readdir(to)).sort()).toEqual(['keras', 'peer.json', 'safetensors', 'tfjs'])
    const model = await readFile(join(to, 'safetensors', 'model.safetensors'))
    const { layout, values } = decodeSafetensors(model)
    expect(decodeSafetensors(run.parameters.get('peer-2.safetensors')!)).toEqual({ layout, values })
    const wrong = async (args: string[], message: string): Promise<void> => {
      const { status, stderr } = await hearsay(['export', run.out, ...args])
      expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
    }
    await wrong(['--peer', 'peer-2', '--to', to], 'is not empty')
    await wrong(['--peer', 'peer-2'], '--to: name the folder')
    await wrong(['--peer', 'peer-2', '--to', 'x', '--format', 'onnx'], '--format onnx: must be of tfjs')
  })
})
