import { describe, expect, it } from 'vitest'
import type { Diagnosis } from '../../src/doctor/index.js'
import { hearsay, startHearsay, temporaryFolder } from './hearsay.js'

describe('hearsay doctor', () => {
  it('examines this machine: what auto takes works and has a speed; ports, peers and the run folder do', async () => {
    const { status, stdout, stderr } = await hearsay(['doctor', '--json'], await temporaryFolder())
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const diagnosis = JSON.parse(stdout) as Diagnosis
    expect(diagnosis).toMatchObject({
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      ports: { loopback: { ok: true } },
      hosts: { ok: true },
      folder: { ok: true, text: 'runs can be written' },
      ok: true,
    })
    expect(diagnosis.backends.map(({ name }) => name)).toEqual(['node-gpu', 'webgpu', 'node', 'wasm'])
    for (const test of diagnosis.backends) {
      if (test.ok) expect(test.report.device.name).not.toBe('')
      else expect(test.reason).toMatch(/^\S.*$/)
    }
    const taken = diagnosis.backends.find(({ name }) => name === diagnosis.auto)
    expect(taken?.ok && taken.samplesPerSecond).toBeGreaterThan(0)
    // wasm needs nothing that could be missing.
    expect(diagnosis.backends.at(-1)?.ok).toBe(true)
  })

  it('ends on Ctrl-C, in the middle of a test', async () => {
    const { child, says, ended } = startHearsay(['doctor'])
    await says(/trying node-gpu/)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ status: 130, stdout: '' })
  })
})
