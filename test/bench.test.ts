import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { createLearnerPool, type ModelInput, modelSchema } from '../src/learner/index.js'

const folder = new URL('../scripts/bench/', import.meta.url)

// The benchmarks are JavaScript without declarations: what is used of them is said here.
interface BenchModels {
  readonly models: Readonly<Record<string, { readonly inputShape: readonly number[] }>>
  readonly classes: number
  modelSection(name: string, folder: string): ModelInput
}
interface BenchTorch {
  findTorch(): { readonly python: string } | undefined
  torchScript(name: string): string
  readonly noTorch: string
}
const { models, classes, modelSection } = (await import(new URL('models.js', folder).href)) as BenchModels
const { findTorch, torchScript, noTorch } = (await import(new URL('torch.js', folder).href)) as BenchTorch

const bench = (...args: string[]): Promise<unknown> =>
  promisify(execFile)(process.execPath, [fileURLToPath(new URL('index.js', folder)), ...args])

describe('npm run bench', () => {
  it.each([
    [
      ['trian'],
      'error: there is no bench "trian"; there are startup, train, private, evaluate, merge, mixture, exchange, publish, log, series, simulate, peers, accuracy, watch\n',
    ],
    [['train', '--models', 'mlp,vgg'], 'error: there is no model "vgg"; there are mlp, lenet5, cnn, resnet18\n'],
    // An object's own names only: "constructor" is no bench.
    [
      ['constructor'],
      'error: there is no bench "constructor"; there are startup, train, private, evaluate, merge, mixture, exchange, publish, log, series, simulate, peers, accuracy, watch\n',
    ],
  ])('refuses %j', async (args, stderr) => {
    await expect(bench(...args)).rejects.toMatchObject({ code: 2, stderr, stdout: '' })
  })

  it('refuses a flag that it does not know', async () => {
    await expect(bench('train', '--fast')).rejects.toMatchObject({ code: 2, stdout: '' })
  })
})

const torch = findTorch()
if (torch === undefined) console.log(`skipped, the models of the benchmark beside PyTorch's: ${noTorch}`)

describe.skipIf(torch === undefined)('the models of the benchmark', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'hearsay-test-'))
  afterAll(() => rmSync(temporary, { recursive: true }))

  it('have as many parameters as PyTorch’s', async () => {
    const output = execFileSync(torch!.python, [torchScript('train'), 'count'], { encoding: 'utf8' })
    const ours: Record<string, number> = {}
    for (const [name, { inputShape }] of Object.entries(models)) {
      const model = modelSchema.parse(modelSection(name, temporary))
      const pool = await createLearnerPool({
        backend: 'wasm',
        workers: 1,
        models: [{ model, inputShape }],
        classes,
        seed: 1,
      })
      ours[name] = pool.models[0].layout.size
      await pool.close()
    }
    expect(ours).toEqual(JSON.parse(output))
  })
})
