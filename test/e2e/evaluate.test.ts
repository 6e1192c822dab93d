import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/watch/index.js'
import { type Ended, hearsay, temporaryFolder } from './hearsay.js'

let [run, cwd] = ['', '']

beforeAll(async () => {
  cwd = await temporaryFolder()
  run = join(cwd, 'run')
  const task = ['--data', 'heart-disease', '--model', 'logistic', '--rounds', '2', '--no-baselines']
  expect(await hearsay(['simulate', ...task, '--backend', 'wasm', '--out', run])).toMatchObject({ status: 0 })
})

const evaluated = (...args: string[]): Promise<Ended> =>
  hearsay(['predict', run, ...args, '--peer', 'va', '--evaluate', '--backend', 'wasm'], cwd)

describe('predict --evaluate', () => {
  it('prints the figures of a peer on what the run was tested on, and no answers', async () => {
    const { status, stdout, stderr } = await evaluated()
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^\d+\.\d % of 184 are right; balanced accuracy .*\nAUROC 0\.\d{3}, average precision 0\.\d{3}, /,
    )
    expect(stdout).toMatch(/is, and was answered +healthy +disease\n/)
  })

  it('writes those that the summary has of the same test', async () => {
    expect(await evaluated('--out', 'figures.json')).toMatchObject({ status: 0, stdout: '' })
    const figures = JSON.parse(await readFile(join(cwd, 'figures.json'), 'utf8'))
    const summary = JSON.parse(await readFile(join(run, 'summary.json'), 'utf8')) as RunSummary
    const { auroc, averagePrecision, confusion, byClass } = summary.perPeer.find(({ name }) => name === 'va')!
    expect(figures).toMatchObject({ auroc, averagePrecision, confusion, byClass, samples: 184 })
  })

  it('needs answers, and a file of the right kind', async () => {
    const patient = '63,1,1,145,233,1,2,150,0,2.3,3,0,6'
    await writeFile(join(cwd, 'patients.csv'), `${patient},?\n${patient},?\n`)
    const blind = await evaluated('patients.csv')
    expect(blind.status).toBe(2)
    expect(blind.stderr).toContain('--evaluate: these inputs have no answers to compare with')
    const misnamed = await evaluated('--out', 'figures.csv')
    expect(misnamed.stderr).toContain('must end in .json with --evaluate')
  })
})
