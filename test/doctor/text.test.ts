import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Diagnosis, diagnosisText } from '../../src/doctor/index.js'

const cpu = { kind: 'cpu', name: 'Example CPU', memoryBytes: 16e9 } as const
const report = { version: '4.22.0', threads: 1, reasons: [] } as const

/** A machine with a GPU that only WebGPU can use. */
const machine: Diagnosis = {
  node: '24.1.0',
  platform: 'linux-x64',
  device: cpu,
  cores: 8,
  usableCores: 8,
  backends: [
    { name: 'node-gpu', ok: false, reason: 'tfjs-node-gpu sees no GPU; install CUDA' },
    {
      name: 'webgpu',
      ok: true,
      report: { ...report, name: 'webgpu', threads: 0, device: { kind: 'gpu', name: 'Example GPU' } },
      workers: 1,
      samplesPerSecond: 12_345.6,
    },
    { name: 'node', ok: true, report: { ...report, name: 'node', device: cpu }, workers: 8, samplesPerSecond: 5000 },
    { name: 'wasm', ok: true, report: { ...report, name: 'wasm', device: cpu }, workers: 8 },
  ],
  auto: 'webgpu',
  ports: {
    loopback: { ok: true, text: 'a TCP port can be opened on 127.0.0.1' },
    all: { ok: false, text: 'listen EPERM: operation not permitted 0.0.0.0' },
  },
  hosts: { ok: true, text: 'two peers can connect over 127.0.0.1 (40 ms)' },
  folder: { ok: true, text: 'runs can be written', freeBytes: 5e9 },
  ok: true,
}

const linesOf = (changes: Partial<Diagnosis> = {}): string[] =>
  stripVTControlCharacters(diagnosisText({ ...machine, ...changes }))
    .split('\n')
    .map(line => line.trim().replaceAll(/ {2,}/g, ' | '))

describe('a diagnosis', () => {
  it('tells the machine', () => {
    expect(linesOf()).toContain('Node | 24.1.0 on linux-x64')
    expect(linesOf()).toContain('machine | Example CPU, 16.0 GB, 8 cores')
    expect(linesOf({ usableCores: 2 })).toContain('machine | Example CPU, 16.0 GB, 8 cores, 2 of them for us')
  })

  it('has a line for every backend, marks what auto takes, and says why one is not there', () => {
    const lines = linesOf()
    expect(lines).toContain('* webgpu | Example GPU | 4.22.0 | 1 | its own | 12,346')
    expect(lines).toContain('node | Example CPU, 16.0 GB | 4.22.0 | 8 | 1 | 5,000')
    expect(lines).toContain('wasm | Example CPU, 16.0 GB | 4.22.0 | 8 | 1 | too slow to measure')
    expect(lines).toContain('node-gpu | not here')
    expect(lines).toContain('node-gpu: tfjs-node-gpu sees no GPU; install CUDA')
    expect(lines.filter(line => line.startsWith('* web'))).toHaveLength(1)
  })

  it('fits the terminal', () => {
    const lines = stripVTControlCharacters(diagnosisText(machine, 60)).split('\n')
    const table = lines.slice(
      lines.findIndex(line => line.includes('backend')),
      lines.indexOf('* what --backend auto takes; the default model, batch 32'),
    )
    for (const line of table) expect(line.length).toBeLessThanOrEqual(60)
    expect(table.filter(line => line.includes('* webgpu'))).toHaveLength(2)
  })

  it('says what can be reached and written, and what not', () => {
    const lines = linesOf()
    expect(lines).toContain('ports | a TCP port can be opened on 127.0.0.1')
    expect(lines).toContain('not: listen EPERM: operation not permitted 0.0.0.0')
    expect(lines).toContain('peers | two peers can connect over 127.0.0.1 (40 ms)')
    expect(lines).toContain('runs | runs can be written, 5.00 GB free')
  })

  it('says that nothing works', () => {
    const backends = machine.backends.map(({ name }) => ({ name, ok: false as const, reason: 'broken' }))
    const lines = linesOf({ backends, auto: null, ok: false })
    expect(lines).toContain('No backend works.')
    expect(lines).toContain('wasm: broken')
    expect(lines.some(line => line.startsWith('*'))).toBe(false)
  })
})
