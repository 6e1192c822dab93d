import { describe, expect, it } from 'vitest'
import { isSoftware } from '../../../src/learner/backend/adapter.js'
import { type Backend, isAbsent, Unavailable, whyNot } from '../../../src/learner/backend/backend.js'
import { cpuDevice, firstVisible, isAutomatic, parseNvidia, readable } from '../../../src/learner/backend/device.js'
import { backends, loadBackend } from '../../../src/learner/backend/load.js'
import { cudaRemedy } from '../../../src/learner/backend/node-gpu.js'
import { driverRemedy } from '../../../src/learner/backend/webgpu.js'
import type { BackendName, Device } from '../../../src/learner/index.js'

const gpu: Device = { kind: 'gpu', name: 'Example GPU', memoryBytes: 8e9 }

/** A backend that starts, or the error with which it does not; it notes how it was asked. */
function madeUp(name: BackendName, fault?: Error): Backend & { readonly asked: boolean[] } {
  const asked: boolean[] = []
  return {
    name,
    asked,
    async start({ automatic, threads }) {
      asked.push(automatic)
      if (fault !== undefined) throw fault
      return { name, device: gpu, version: '1', threads }
    },
  }
}

describe('auto', () => {
  it('tries CUDA, then any GPU, then native, then wasm', () => {
    expect(backends.map(({ name }) => name)).toEqual(['node-gpu', 'webgpu', 'node', 'wasm'])
  })

  it('takes the first that starts, asks no further, and gives one reason for each that it passed over', async () => {
    const [first, second, third, fourth] = [
      madeUp('node-gpu', new Unavailable('no CUDA', 'buy one')),
      madeUp('webgpu', new Error('the driver has a bug\nat line 1')),
      madeUp('node'),
      madeUp('wasm'),
    ]
    expect(await loadBackend('auto', 3, { candidates: [first, second, third, fourth] })).toEqual({
      name: 'node',
      device: gpu,
      version: '1',
      threads: 3,
      reasons: ['node-gpu: no CUDA', 'webgpu: the driver has a bug'],
    })
    expect([first.asked, second.asked, third.asked, fourth.asked]).toEqual([[true], [true], [true], []])
  })

  it('says why when nothing starts', async () => {
    const none = [madeUp('node', new Unavailable('not installed', 'install it')), madeUp('wasm', new Error('no wasm'))]
    await expect(loadBackend('auto', 1, { candidates: none })).rejects.toMatchObject({
      code: 'BACKEND',
      message: 'no backend starts: node: not installed; wasm: no wasm',
    })
  })
})

describe('a backend asked for by name', () => {
  it('starts, though a better one is there, and is told that a person wants it', async () => {
    const [better, wanted] = [madeUp('node-gpu'), madeUp('webgpu')]
    expect(await loadBackend('webgpu', 0, { candidates: [better, wanted] })).toMatchObject({
      name: 'webgpu',
      reasons: [],
    })
    expect([better.asked, wanted.asked]).toEqual([[], [false]])
  })

  it('is an error with the remedy when it is not there, and no other takes its place', async () => {
    const [absent, lesser] = [madeUp('node', new Unavailable('not installed', 'install it')), madeUp('wasm')]
    const job = loadBackend('node', 1, { candidates: [absent, lesser] })
    await expect(job).rejects.toMatchObject({
      name: 'HearsayError',
      code: 'BACKEND',
      message: 'backend node: not installed; install it',
    })
    expect(lesser.asked).toEqual([])
  })

  it('has a remedy for every platform', () => {
    expect(driverRemedy('linux')).toContain('mesa-vulkan-drivers')
    expect(driverRemedy('darwin')).toContain('Metal')
    expect(driverRemedy('win32')).toContain('Direct3D 12')
    expect(driverRemedy('freebsd')).toContain('freebsd')
    expect(cudaRemedy('linux', 'x64')).toContain('hearsay backend install --cuda')
    expect(cudaRemedy('darwin', 'arm64')).toContain('no CUDA for darwin on arm64; --backend webgpu')
  })
})

describe('why a package did not load', () => {
  const missing = (name: string): Error =>
    Object.assign(new Error(`Cannot find package '${name}' imported from x`), { code: 'ERR_MODULE_NOT_FOUND' })

  it('tells a package that is not there from one that lacks something', () => {
    expect(whyNot('a', missing('a'))).toBe('a is not installed')
    expect(isAbsent('a', missing('b'))).toBe(false)
    expect(whyNot('a', missing('b'))).toBe("a does not load (Cannot find package 'b' imported from x)")
    expect(whyNot('a', new Error('libcudart.so: no such file\nstack'))).toBe(
      'a does not load (libcudart.so: no such file)',
    )
    expect(whyNot('a', 'thrown text')).toBe('a does not load (thrown text)')
  })
})

describe('a software driver', () => {
  const adapter = { vendor: 'nvidia', architecture: 'ampere', device: 'geforce', description: '', fallback: false }

  it.each([
    [{ ...adapter, fallback: true }],
    [{ ...adapter, vendor: 'google', architecture: 'swiftshader' }],
    [{ ...adapter, vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }],
    [{ ...adapter, vendor: 'microsoft', description: 'Microsoft Basic Render Driver' }],
  ])('is known: %j', info => expect(isSoftware(info)).toBe(true))

  it('is not a GPU', () => {
    expect(isSoftware(adapter)).toBe(false)
    expect(isAutomatic({ name: 'webgpu', device: { kind: 'cpu', name: 'SwiftShader' } })).toBe(false)
    expect(isAutomatic({ name: 'webgpu', device: gpu })).toBe(true)
    expect(isAutomatic({ name: 'wasm', device: { kind: 'cpu', name: 'Example CPU' } })).toBe(true)
  })
})

describe('devices', () => {
  it('of nvidia-smi: names and memory, whatever it writes between them', () => {
    expect(parseNvidia('NVIDIA H100 80GB HBM3, 81559\nNVIDIA GB10, [N/A]\n')).toEqual([
      { kind: 'gpu', name: 'NVIDIA H100 80GB HBM3', memoryBytes: 81_559 * 2 ** 20 },
      { kind: 'gpu', name: 'NVIDIA GB10' },
    ])
    expect(parseNvidia('')).toEqual([])
    expect(parseNvidia("NVIDIA-SMI has failed because it couldn't communicate with the driver")).toEqual([])
    expect(parseNvidia(`${'x'.repeat(5000)}, 1`)[0]?.name).toHaveLength(120)
  })

  it('of CUDA: the first that it may see', () => {
    const [a, b]: Device[] = [
      { kind: 'gpu', name: 'A' },
      { kind: 'gpu', name: 'B' },
    ]
    expect(firstVisible([a!, b!], undefined)).toBe(a)
    expect(firstVisible([a!, b!], '1,0')).toBe(b)
    expect(firstVisible([a!, a!], 'GPU-1234')).toBe(a)
    const unknown = { kind: 'gpu', name: 'NVIDIA GPU' }
    expect(firstVisible([a!, b!], 'GPU-1234')).toEqual(unknown)
    expect(firstVisible([a!], '7')).toEqual(unknown)
    expect(firstVisible([], undefined)).toEqual(unknown)
  })

  it('names are fit to be printed', () => {
    expect(readable(' a\u001b[31m\n\tb  c ')).toBe('a [31m b c')
    expect(readable('x'.repeat(1000))).toHaveLength(120)
  })

  it('this CPU has a name and memory', () => {
    const { kind, name, memoryBytes } = cpuDevice()
    expect(kind).toBe('cpu')
    expect(name).not.toBe('')
    expect(memoryBytes).toBeGreaterThan(2 ** 27)
  })
})
