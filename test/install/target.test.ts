import { describe, expect, it } from 'vitest'
import { compareVersions, targetOf, thisMachine } from '../../src/install/target.js'

describe('what is installed', () => {
  it.each([
    [{ platform: 'linux', arch: 'x64', glibc: '2.36' }, false, 'tensorflow-cpu'],
    [{ platform: 'linux', arch: 'x64', glibc: '2.27' }, true, 'tensorflow'],
    [{ platform: 'linux', arch: 'arm64', glibc: '2.31' }, false, 'tensorflow-cpu'],
    [{ platform: 'darwin', arch: 'arm64' }, false, 'tensorflow'],
  ])('on %j with CUDA %s is %s', (machine, cuda, distribution) => {
    expect(targetOf(cuda, machine)).toMatchObject({ ...machine, distribution })
  })

  it.each<[object, boolean, RegExp]>([
    [{ platform: 'linux', arch: 'x64', glibc: '2.17' }, false, /needs glibc 2\.27 and this system has 2\.17/],
    [{ platform: 'linux', arch: 'x64' }, false, /no glibc \(musl\?\).*--backend wasm/],
    [{ platform: 'linux', arch: 'arm64', glibc: '2.36' }, true, /Linux on x64 only, not arm64/],
    [{ platform: 'linux', arch: 'riscv64', glibc: '2.39' }, false, /not on linux riscv64/],
    [
      { platform: 'win32', arch: 'x64' },
      false,
      /not on win32 x64 \(.*Windows.*\); --backend webgpu and --backend wasm/,
    ],
    [{ platform: 'darwin', arch: 'x64' }, false, /not on darwin x64/],
    [{ platform: 'darwin', arch: 'arm64' }, true, /no CUDA on macOS; --backend webgpu/],
  ])('on %j with CUDA %s is refused in one line', (machine, cuda, message) => {
    const attempt = (): unknown => targetOf(cuda, machine as Parameters<typeof targetOf>[1])
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(/^[^\n]+$/)
  })

  it('is known of this machine', () => {
    const { platform, glibc } = thisMachine()
    if (platform !== 'linux') expect(glibc).toBeUndefined()
    else if (glibc !== undefined) expect(glibc).toMatch(/^2\.\d+/)
  })
})

it('versions compare by number, not by letter', () => {
  expect(['2.9', '2.36', '2.4.1', '2.27', '2.4'].sort(compareVersions)).toEqual(['2.4', '2.4.1', '2.9', '2.27', '2.36'])
})
