import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { exportModel } from '../../src/cli/export.js'
import { predict } from '../../src/cli/predict.js'
import { type Dataset, loadDataset } from '../../src/data/index.js'
import { random } from '../../src/random.js'
import { hearsay, readJson, type SimulatedRun, simulated, temporaryFolder, tiny } from './hearsay.js'

/** A line of CSV output by its columns. */
function rowsOf(csv: string): Record<string, string>[] {
  const [head, ...lines] = csv
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
  return lines.map(cells => Object.fromEntries(cells.map((cell, i) => [head![i]!, cell])))
}

async function ok(args: readonly string[], cwd?: string): Promise<{ stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await hearsay(args, cwd)
  expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: expect.not.stringContaining('error') })
  return { stdout, stderr }
}

const backend = ['--backend', 'wasm']
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

describe('hearsay predict', () => {
  it('is right as often as the summary says, for every peer, on what the run was tested on', async () => {
    const table = await testTable()
    for (const { name, accuracy } of run.summary.perPeer) {
      const asked = await ok(['predict', run.out, '--peer', name, ...backend])
      const right = rowsOf(asked.stdout).filter((row, i) => row.class === digits.classes[digits.test.labels[i]!]).length
      expect(right / digits.test.size).toBe(accuracy)
      expect(asked.stderr).toBe(`${(accuracy! * 100).toFixed(1)} % of 359 are right\n`)
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
    expect(stderr).toBe(`${(accuracy * 100).toFixed(1)} % of 359 are right\n`)
  })

  it('predicts a number in its own units, from columns by their names', async () => {
    const folder = await temporaryFolder()
    const draw = random(1, 'prices')
    const rows = Array.from({ length: 150 }, () => {
      const [age, colour] = [1 + draw.integer(50), draw.integer(2)]
      return `${age},${colour === 0 ? 'blue' : 'red'},${3 * age + 10 * colour}`
    })
    await writeFile(join(folder, 'prices.csv'), `age,colour,price\n${rows.join('\n')}\n`)
    await writeFile(join(folder, 'ask.csv'), 'colour,age\nred,20\nblue,40\n')
    const out = join(folder, 'run')
    const shape = ['--target', 'price', '--model', 'logistic', '--peers', '2', '--rounds', '20', '--no-baselines']
    await ok(['simulate', '--data', join(folder, 'prices.csv'), ...shape, ...backend, '--json', '--out', out])
    const { stdout } = await ok(['predict', out, join(folder, 'ask.csv'), '--peer', 'peer-1', ...backend])
    const [first, second] = rowsOf(stdout).map(row => Number(row.price))
    expect(Math.abs(first! - 70)).toBeLessThan(10)
    expect(Math.abs(second! - 120)).toBeLessThan(10)
  })

  it('restores images into a folder', async () => {
    const folder = await temporaryFolder()
    const draw = random(1, 'photos')
    for (let i = 0; i < 20; i++) {
      await mkdir(join(folder, 'photos', `${i % 2}`), { recursive: true })
      const pixels = Uint8Array.from(
        { length: 144 },
        (_, at) => 100 + 50 * (Math.floor(at / 36) % 2) + draw.integer(20),
      )
      const image = sharp(pixels, { raw: { width: 12, height: 12, channels: 1 } })
      await image.png().toFile(join(folder, 'photos', `${i % 2}`, `${i}.png`))
    }
    await sharp(join(folder, 'photos', '0', '0.png'))
      .resize(6, 6)
      .toFile(join(folder, 'small.png'))
    const out = join(folder, 'run')
    const shape = ['--super-resolution', '2', '--model', 'sr', '--peers', '2', '--rounds', '1', '--no-baselines']
    await ok(['simulate', '--data', join(folder, 'photos'), ...shape, ...backend, '--json', '--out', out])
    const images = join(folder, 'restored')
    const args = ['predict', out, join(folder, 'small.png'), '--peer', 'peer-0', ...backend]
    await ok([...args, '--out', images])
    expect(await readdir(images)).toEqual(['small.png'])
    const info = await sharp(join(images, 'small.png')).metadata()
    expect([info.width, info.height, info.channels]).toEqual([12, 12, 1])
    const { status, stderr } = await hearsay(args)
    expect([status, stderr]).toEqual([2, expect.stringContaining('name the folder')])
  })
})

describe('hearsay export', () => {
  it('--bare makes a model with which Hearsay goes on where the peer was', async () => {
    const folder = await temporaryFolder()
    const to = join(folder, 'start')
    const { stdout } = await ok(['export', run.out, '--peer', 'peer-2', '--to', to, '--format', 'tfjs', '--bare'])
    expect(stdout.trim().split('\n')).toHaveLength(3)
    const { standardisation } = await readJson<{ standardisation: object }>(join(to, 'peer.json'))
    const manifest = join(folder, 'next.json.yaml')
    const next = {
      data: { set: 'digits', standardise: standardisation },
      partition: 'iid',
      peers: 1,
      rounds: 1,
      model: { path: join(to, 'tfjs', 'model.json'), head: 'output' },
      merge: 'none',
      // As good as not at all: float32 does not see such a step.
      training: { learningRate: 1e-30 },
    }
    await writeFile(manifest, JSON.stringify(next))
    const { summary } = await simulated([manifest, ...backend])
    expect(summary.accuracy.mean).toBe(run.summary.perPeer[2]!.accuracy)
  })

  it('writes every format, once', async () => {
    const to = join(await temporaryFolder(), 'model')
    await ok(['export', run.out, '--peer', 'peer-2', '--to', to])
    expect((await readdir(to)).sort()).toEqual(['keras', 'peer.json', 'safetensors', 'tfjs'])
    const model = await readFile(join(to, 'safetensors', 'model.safetensors'))
    expect(model.length).toBeGreaterThan(run.parameters.get('peer-2.safetensors')!.length)
    const wrong = async (args: string[], message: string): Promise<void> => {
      const { status, stderr } = await hearsay(['export', run.out, ...args])
      expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
    }
    await wrong(['--peer', 'peer-2', '--to', to], 'is not empty')
    await wrong(['--peer', 'peer-2'], '--to: name the folder')
    await wrong(['--peer', 'peer-2', '--to', 'x', '--format', 'onnx'], '--format onnx: must be of tfjs')
  })
})

describe('the examples of', () => {
  let cwd: string
  beforeAll(async () => {
    cwd = await temporaryFolder()
    const simulate = (out: string, ...args: string[]): Promise<unknown> =>
      ok([
        'simulate',
        ...args,
        '--model',
        'logistic',
        '--rounds',
        '1',
        '--no-baselines',
        '--json',
        '--out',
        join(cwd, 'runs', out),
      ])
    await simulate('xrays', '--data', 'pneumoniamnist', '--peers', '4')
    await simulate('hospitals', '--data', 'heart-disease')
    await simulate('digits', '--data', 'digits', '--peers', '2')
    await sharp(new Uint8Array(784).fill(90), { raw: { width: 28, height: 28, channels: 1 } }).toFile(
      join(cwd, 'scan.png'),
    )
    await writeFile(join(cwd, 'patients.csv'), '63,1,1,145,233,1,2,150,0,2.3,3,0,6\n67,1,4,160,?,0,2,108,1,1.5,2,3,3\n')
  })

  it.each([...predict.examples, ...exportModel.examples])('%s', async example => {
    const [program, ...words] = example.split(' ')
    expect(program).toBe('hearsay')
    const { stdout } = await ok(words, cwd)
    if (!example.includes('--out')) expect(stdout.trim().split('\n').length).toBeGreaterThan(1)
  })
})
