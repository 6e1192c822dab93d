import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { backend } from '../../src/cli/commands/backend.js'
import { hearsay, readRun, startHearsay, temporaryFolder } from './hearsay.js'

/** A real wheel of TensorFlow for this machine; .ci/run downloads one. */
const wheel = process.env.HEARSAY_TEST_WHEEL ?? ''
if (wheel === '') console.warn('native TensorFlow is not installed for a test: HEARSAY_TEST_WHEEL names no wheel')

/** TensorFlow as `hearsay backend install` has installed it, and the file of all that it printed: .ci/run has both. */
const installed = process.env.HEARSAY_NATIVE ?? ''
const printed = process.env.HEARSAY_TEST_INSTALLED ?? ''

let folder = ''
beforeAll(async () => {
  // Beside it: only on one disk has a file two names.
  const parent = printed === '' ? await temporaryFolder() : await mkdtemp(join(installed, '..', 'test-'))
  folder = join(parent, 'native')
  vi.stubEnv('HEARSAY_NATIVE', folder)
  // What the library prints must be kept down by us, not by whoever runs the tests.
  vi.stubEnv('TF_CPP_MIN_LOG_LEVEL', undefined)
})
afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }))

describe('hearsay backend answers in one line to', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['an unknown action', ['backend', 'instal'], ['instal', 'install, remove']],
    ['no action', ['backend'], ['install|remove']],
    ['a flag of another action', ['backend', 'remove', '--cuda'], ['--cuda', 'install']],
    ['a wheel that is not there', ['backend', 'install', '--wheel', 'nowhere.whl'], ['nowhere.whl', 'no such file']],
    ['a file that is no wheel', ['backend', 'install', '--wheel', 'package.json'], ['package.json']],
  ])('%s', async (_, args, says) => {
    const { status, stdout, stderr } = await hearsay(args)
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: .+\n$/),
    })
    for (const what of says) expect(stderr).toContain(what)
    expect(await readdir(join(folder, '..'))).toEqual([])
  })
})

it('its examples are of actions and flags that there are', () => {
  for (const example of backend.examples)
    expect(example).toMatch(/^hearsay backend (install( --cuda| --wheel \S+\.whl)?|remove)$/)
})

it('hearsay backend remove says when there is nothing', async () => {
  expect(await hearsay(['backend', 'remove'])).toEqual({
    status: 0,
    stdout: `nothing is installed in ${folder}\n`,
    stderr: '',
  })
})

describe.skipIf(wheel === '')('native TensorFlow from a wheel', () => {
  it('leaves nothing behind when it is interrupted', async () => {
    await mkdir(folder, { recursive: true })
    const { child, ended } = startHearsay(['backend', 'install', '--wheel', wheel])
    const place = async (): Promise<boolean> => (await readdir(folder)).some(name => name.startsWith('tensorflow-'))
    while (!(await place())) await new Promise(resolve => setTimeout(resolve, 20))
    child.kill('SIGINT')
    const { status, stderr } = await ended
    expect({ status, stderr }).toEqual({
      status: 130,
      stderr: expect.stringMatching(/^Interrupted; nothing was installed.*\n$/),
    })
    expect(await readdir(folder)).toEqual([])
    await rmdir(folder)
  }, 120_000)
})

describe.skipIf(printed === '')('native TensorFlow that is installed', () => {
  it('has said what it did, and trains', async () => {
    const said = await readFile(printed, 'utf8')
    expect(said).toMatch(/^Native TensorFlow from .*\.whl/)
    expect(said).toMatch(/^installed {3}TensorFlow 2\.\d+/m)
    expect(said).toMatch(/^tried {7}on .+: training took the loss from/m)
    expect(said).toContain(installed)

    // Another name for each of its files, so that what follows can remove them.
    execFileSync('cp', ['-al', installed, folder])
    const out = join(await temporaryFolder(), 'run')
    const flags = '--data digits --model cnn --rounds 1 --peers 3 --no-baselines --workers 2 --backend node'.split(' ')
    const run = await hearsay(['simulate', ...flags, '--out', out])
    expect(run).toMatchObject({ status: 0 })
    // TensorFlow greets on the process's own stderr, in the middle of whatever is there.
    expect(`${said}${run.stdout}${run.stderr}`).not.toMatch(/absl|cpu_feature_guard|[IWE]0000 /)
    expect((await readRun(out)).summary).toMatchObject({ backend: 'node' })
  })

  it('stays when the next installation fails', async () => {
    const before = await readdir(folder)
    // An npm that fails, in front of the real one.
    const bin = await temporaryFolder()
    await writeFile(join(bin, 'npm'), '#!/bin/sh\necho "npm error no network" >&2\nexit 1\n', { mode: 0o755 })
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
    const { status, stderr } = await hearsay(['backend', 'install', '--wheel', wheel])
    vi.stubEnv('PATH', process.env.PATH!.slice(bin.length + 1))
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^error: npm cannot install .*no network.*\n$/),
    })
    expect((await readdir(folder)).sort()).toEqual(before.sort())
  }, 120_000)

  it('is removed whole', async () => {
    const { status, stdout } = await hearsay(['backend', 'remove'])
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^removed .* \(\d+ MB\)\n$/) })
    expect(await readdir(join(folder, '..'))).toEqual([])
  })
})
