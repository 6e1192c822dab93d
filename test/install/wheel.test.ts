import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { checkPlatform, checkTensorFlow } from '../../src/install/description.js'
import { tensorFlowFiles } from '../../src/install/layout.js'
import type { Target } from '../../src/install/target.js'
import { isPlainName, openWheel, unpack, type Wheel, wheelLimits } from '../../src/install/wheel.js'
import { cudaExtra, temporaryFolder, tensorFlowParts, type WheelParts, wheelOf } from './wheels.js'

const linux: Target = { platform: 'linux', arch: 'x64', glibc: '2.36', distribution: 'tensorflow-cpu' }
const never = new AbortController().signal

async function opened<T>(parts: WheelParts | string, use: (wheel: Wheel) => T | Promise<T>): Promise<T> {
  const wheel = await openWheel(typeof parts === 'string' ? parts : await wheelOf(parts))
  try {
    return await use(wheel)
  } finally {
    wheel.close()
  }
}

const refusal = (pattern: RegExp): object =>
  expect.objectContaining({ name: 'HearsayError', code: 'BACKEND', message: expect.stringMatching(pattern) })

describe('a wheel', () => {
  it('says what it is, and gives what is asked of it', async () => {
    const folder = await temporaryFolder()
    await opened({ metadata: cudaExtra }, async wheel => {
      expect(wheel).toMatchObject({
        distribution: 'tensorflow-cpu',
        version: '2.21.0',
        platforms: ['manylinux_2_27_x86_64'],
      })
      expect(wheel.requirements).toHaveLength(3)
      await unpack(wheel, tensorFlowFiles(wheel, linux), folder, never)
    })
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      'include',
      'include/tensorflow',
      'include/tensorflow/c',
      'include/tensorflow/c/c_api.h',
      'include/tensorflow/c/eager',
      'include/tensorflow/c/eager/c_api.h',
      'include/xla',
      'include/xla/tsl',
      'include/xla/tsl/c',
      'include/xla/tsl/c/tsl_status.h',
      'lib',
      'lib/libtensorflow_cc.so.2',
      'lib/libtensorflow_framework.so.2',
    ])
    expect(await readFile(join(folder, 'lib/libtensorflow_cc.so.2'), 'utf8')).toBe('the C library')
  })

  it.each<[string, WheelParts, RegExp]>([
    ['has another name', { fileName: 'tensorflow (1).whl' }, /not the name of a wheel/],
    [
      'was renamed to another version',
      { fileName: 'tensorflow_cpu-2.22.0-cp311-cp311-manylinux_2_27_x86_64.whl' },
      /renamed/,
    ],
    [
      'was renamed to another platform',
      { fileName: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl' },
      /renamed/,
    ],
    ['has no METADATA', { without: ['INFO/METADATA'] }, /no tensorflow_cpu-2\.21\.0\.dist-info\/METADATA/],
    ['has no RECORD', { without: ['INFO/RECORD'] }, /RECORD/],
    ['has two .dist-info folders', { files: { 'other-1.dist-info/METADATA': 'x' } }, /has 2/],
    [
      'has a METADATA beyond its limit',
      { metadata: [`Summary: ${'x'.repeat(2 ** 20)}`] },
      /METADATA has \d+ bytes; the limit is 1048576/,
    ],
    ['would write outside', { files: { '../out.so': 'x' } }, /\.\.\/out\.so/],
    ['would write to an absolute path', { files: { '/etc/out.so': 'x' } }, /absolute path|\/etc/],
  ])('that %s is refused', async (_, parts, message) => {
    await expect(opened(parts, () => undefined)).rejects.toEqual(refusal(message))
  })

  it('that is cut off, is no archive, or is not there is refused', async () => {
    const path = await wheelOf()
    await truncate(path, (await stat(path)).size - 30)
    await expect(opened(path, () => undefined)).rejects.toEqual(refusal(/no zip archive/))
    await writeFile(path, 'not a zip')
    await expect(opened(path, () => undefined)).rejects.toEqual(refusal(/no zip archive/))
    await expect(opened(`${path}x`, () => undefined)).rejects.toEqual(refusal(/no such file/))
  })

  it('with more entries than the limit is refused', async () => {
    const files = Object.fromEntries(
      Array.from({ length: wheelLimits.entries + 1 }, (_, at) => [`a/${at}`, strToU8('')]),
    )
    const path = join(await temporaryFolder(), 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl')
    await writeFile(path, zipSync(files, { level: 0 }))
    await expect(opened(path, () => undefined)).rejects.toEqual(refusal(/it has 50001 entries; the limit is 50000/))
  })

  const library = 'tensorflow/libtensorflow_cc.so.2'
  it.each<[string, WheelParts, RegExp]>([
    [
      'does not have the hash of RECORD',
      { record: { [library]: 'A'.repeat(43) } },
      /libtensorflow_cc\.so\.2 does not have the sha256/,
    ],
    ['is not in RECORD', { record: { [library]: '' } }, /no sha256 of tensorflow\/libtensorflow_cc/],
    ['is a symbolic link', { options: { [library]: { os: 3, attrs: (0o120777 << 16) >>> 0 } } }, /symbolic link/],
  ])('whose library %s is refused', async (_, parts, message) => {
    const folder = await temporaryFolder()
    const unpacking = opened(parts, wheel => unpack(wheel, tensorFlowFiles(wheel, linux), folder, never))
    await expect(unpacking).rejects.toEqual(refusal(message))
  })

  it('whose entries claim more than the limits is refused before anything is written', async () => {
    const folder = await temporaryFolder()
    await opened({}, async wheel => {
      const wanted = tensorFlowFiles(wheel, linux)
      wanted[0]!.entry.uncompressedSize = wheelLimits.entryBytes + 1
      await expect(unpack(wheel, wanted, folder, never)).rejects.toEqual(refusal(/the limit is 4000000000/))
      wanted[0]!.entry.uncompressedSize = wheelLimits.unpackedBytes + 1
      await expect(unpack(wheel, wanted, folder, never)).rejects.toEqual(refusal(/the limit is 16000000000/))
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('whose entry is longer than it claims is refused', async () => {
    const folder = await temporaryFolder()
    await opened({}, async wheel => {
      const wanted = tensorFlowFiles(wheel, linux)
      wanted[0]!.entry.uncompressedSize -= 1
      await expect(unpack(wheel, wanted, folder, never)).rejects.toEqual(refusal(/libtensorflow_cc\.so\.2/))
    })
  })

  it('is not unpacked over what is there, and not after an abort', async () => {
    const folder = await temporaryFolder()
    await opened({}, async wheel => {
      const wanted = tensorFlowFiles(wheel, linux)
      await expect(unpack(wheel, wanted, folder, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
      expect(await readdir(folder)).toEqual([])
      await unpack(wheel, wanted, folder, never)
      await expect(unpack(wheel, wanted, folder, never)).rejects.toEqual(refusal(/EEXIST/))
    })
  })
})

it.each(['', '/a', 'a//b', './a', 'a/..', '../a', 'a\\..\\b', 'C:a', 'a\0b', `${'a/'.repeat(600)}b`])(
  'a plain name is not number %# of these',
  name => {
    expect(isPlainName(name)).toBe(false)
  },
)

it('a plain name is one', () => {
  expect(Object.keys(tensorFlowParts).every(isPlainName)).toBe(true)
})

describe('a wheel of', () => {
  const description = (distribution: string, version: string, ...platforms: string[]) => ({
    path: 'given.whl',
    distribution,
    version,
    platforms,
    requirements: [],
  })
  const mac: Target = { platform: 'darwin', arch: 'arm64', distribution: 'tensorflow' }
  const arm: Target = { ...linux, arch: 'arm64' }

  it.each<[string, string, string, Target, boolean]>([
    ['tensorflow-cpu', '2.21.0', 'manylinux_2_27_x86_64', linux, false],
    ['tensorflow', '2.20.0', 'manylinux_2_17_x86_64', linux, true],
    ['tensorflow', '2.21.0', 'linux_x86_64', linux, false],
    ['tensorflow-cpu', '2.21.0', 'manylinux2014_aarch64', arm, false],
    ['tensorflow', '2.21.0', 'macosx_12_0_arm64', mac, false],
  ])('%s %s %s is taken', (name, version, platform, target, cuda) => {
    const wheel = description(name, version, platform)
    checkTensorFlow(wheel, target, cuda)
  })

  it.each<[string, string, string, Target, boolean, RegExp]>([
    [
      'numpy',
      '2.0.0',
      'manylinux_2_27_x86_64',
      linux,
      false,
      /this is numpy; give the wheel of tensorflow or tensorflow-cpu/,
    ],
    ['tensorflow-cpu', '2.21.0', 'manylinux_2_27_x86_64', linux, true, /built without CUDA/],
    ['tensorflow', '1.15.0', 'manylinux_2_27_x86_64', linux, false, /2\.x is needed/],
    ['tensorflow', '2.21.0', 'manylinux_2_27_aarch64', linux, false, /needs one for manylinux_…_x86_64/],
    ['tensorflow', '2.21.0', 'manylinux_2_27_x86_64', arm, false, /needs one for manylinux_…_aarch64/],
    ['tensorflow', '2.21.0', 'win_amd64', linux, false, /is for win_amd64/],
    ['tensorflow', '2.21.0', 'manylinux_2_27_x86_64', mac, false, /needs one for macosx_…_arm64/],
    ['tensorflow', '2.21.0', 'manylinux_2_39_x86_64', linux, false, /needs glibc 2\.39 and this system has 2\.36/],
    [
      'tensorflow',
      '2.21.0',
      'manylinux_9_1_x86_64',
      { ...linux, glibc: '2.4' },
      false,
      /needs glibc 9\.1 and this system has 2\.4/,
    ],
  ])('%s %s %s is refused on another', (name, version, platform, target, cuda, message) => {
    expect(() => checkTensorFlow(description(name, version, platform), target, cuda)).toThrow(message)
  })

  it('several platforms needs the oldest of them', () => {
    const target = { ...linux, glibc: '2.12' }
    checkPlatform(description('nvidia-nccl-cu12', '2.27', 'manylinux_2_27_x86_64', 'manylinux2010_x86_64'), target)
    const newer = description('nvidia-nccl-cu12', '2.27', 'manylinux_2_27_x86_64', 'manylinux2014_x86_64')
    expect(() => checkPlatform(newer, target)).toThrow('needs glibc 2.17 and this system has 2.12')
  })
})
