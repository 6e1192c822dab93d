import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ReportData } from '../../src/report/index.js'
import { decodeSafetensors } from '../../src/tensors/index.js'
import { differing, eventsOf, hearsay, readRun, simulated, startHearsay, temporaryFolder, tiny } from './hearsay.js'

const endless = [...tiny, '--peers', '3', '--rounds', '1000000', '--no-baselines']

/** What report.html shows. */
function reportIn(out: string): ReportData {
  const page = readFileSync(join(out, 'report.html'), 'utf8')
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!) as ReportData
}

describe('kill -9', () => {
  it('in the middle of a run, which then goes on and ends with the same numbers', async () => {
    const run = [...tiny, '--peers', '4', '--rounds', '30', '--fail', '2@1', '--no-baselines']
    const whole = await simulated(run)
    const out = join(await temporaryFolder(), 'run')
    const { child, says, ended } = startHearsay(['simulate', ...run, '--out', out])
    await says(/^round 4\//m)
    child.kill('SIGKILL')
    await ended
    const again = await hearsay(['simulate', '--resume', out, '--json'])
    expect(again).toMatchObject({ status: 0, stderr: '' })
    const { summary, parameters } = await readRun(out)
    expect(differing(parameters, whole.parameters)).toEqual([])
    const { accuracy, consensusDistance, absent, perPeer } = whole.summary
    expect(summary).toMatchObject({ rounds: 30, interrupted: false, accuracy, consensusDistance, absent, perPeer })
    // Every line once, none torn.
    const told = (await eventsOf(out)).map(({ type, peer, round, step }) => [type, peer, round, step].join())
    expect(new Set(told).size).toBe(told.length)
    expect(told.filter(line => line.startsWith('round,'))).toHaveLength(30)
    expect(await readdir(out)).not.toContain('state')
  })
})

describe('Ctrl-C', () => {
  it('in the middle of a run ends it, and keeps what there is', async () => {
    const out = join(await temporaryFolder(), 'run')
    const { child, says, ended } = startHearsay(['simulate', ...endless, '--out', out])
    await says(/^round 2\//m)
    child.kill('SIGINT')
    const { status, stdout, stderr } = await ended
    expect(status).toBe(130)
    expect(stderr).toMatch(/^Interrupted after round \d+; .*; go on with: npx hearsay simulate --resume .*\n$/m)
    expect(stderr).not.toContain('    at ')
    expect(stdout).toContain('Hearsay (mean)')
    const { summary, parameters } = await readRun(out)
    expect(summary.interrupted).toBe(true)
    expect(summary.rounds).toBeGreaterThanOrEqual(2)
    expect([...parameters.keys()]).toEqual(['peer-0.safetensors', 'peer-1.safetensors', 'peer-2.safetensors'])
    for (const [name, bytes] of parameters) expect(decodeSafetensors(bytes, name).values).toHaveLength(650)
    expect((await eventsOf(out)).length).toBeGreaterThan(10)
    expect(readFileSync(join(out, 'manifest.yaml'), 'utf8')).toContain('rounds: 1000000')
  })

  it('behind its last test has what that test has found, and the report says which it was', async () => {
    const out = join(await temporaryFolder(), 'run')
    const { child, says, ended } = startHearsay(['simulate', ...endless, '--evaluate-every', '3', '--out', out])
    await says(/^round 4\//m)
    child.kill('SIGINT')
    expect((await ended).status).toBe(130)
    const { rounds, perPeer } = (await readRun(out)).summary
    for (const { confusion, byClass, accuracy } of perPeer) {
      const right = confusion!.reduce((sum, row, k) => sum + row[k]!, 0)
      expect(right / confusion!.flat().reduce((sum, times) => sum + times)).toBeCloseTo(accuracy!, 6)
      expect(byClass).toHaveLength(10)
    }
    const tests = (await eventsOf(out)).filter(({ type }) => type === 'evaluated')
    const tested = Math.max(...tests.map(({ round }) => round as number))
    const { untested, classes, peers } = reportIn(out)
    expect(peers.map(({ confusion }) => confusion)).toEqual(perPeer.map(({ confusion }) => confusion))
    expect(classes).toHaveLength(10)
    const sentence = `Of the test after round ${tested + 1}; the run was interrupted after round ${rounds}, which was not tested.`
    expect(untested).toBe(tested + 1 >= rounds ? null : sentence)
  })

  it('before the first round is over ends it as well', async () => {
    const out = join(await temporaryFolder(), 'run')
    // More epochs than the test's patience: it is interrupted in the middle of a training job.
    const { child, says, ended } = startHearsay(['simulate', ...endless, '--epochs', '10000', '--out', out])
    await says(/^backend/m)
    child.kill('SIGINT')
    const { status, stderr } = await ended
    expect(status).toBe(130)
    expect(stderr).not.toContain('    at ')
    const { summary } = await readRun(out)
    expect(summary).toMatchObject({ interrupted: true, rounds: 0 })
    expect(reportIn(out).untested).toBe('The run was interrupted before its first test.')
  })

  it('with --json prints nothing but the object', async () => {
    const out = join(await temporaryFolder(), 'run')
    const { child, ended } = startHearsay(['simulate', ...endless, '--json', '--out', out])
    const metrics = (): string => {
      try {
        return readFileSync(join(out, 'metrics.jsonl'), 'utf8')
      } catch {
        return ''
      }
    }
    while (!metrics().includes('"type":"round"')) await new Promise(resolve => setTimeout(resolve, 50))
    child.kill('SIGTERM')
    const { status, stdout } = await ended
    expect(status).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({ peers: 3, interrupted: true, rounds: expect.any(Number) })
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  })
})
