import { mkdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cudaRequirements, linkLibraries, nvidiaFiles, tensorFlowFiles } from '../../src/install/layout.js'
import { openWheel, unpack, type Wheel } from '../../src/install/wheel.js'
import { cudaExtra, temporaryFolder, tensorFlowParts, wheelOf } from './wheels.js'

async function opened<T>(path: string, use: (wheel: Wheel) => T | Promise<T>): Promise<T> {
  const wheel = await openWheel(path)
  try {
    return await use(wheel)
  } finally {
    wheel.close()
  }
}

it('a wheel without the C library names what is missing', async () => {
  const { 'tensorflow/libtensorflow_cc.so.2': _, ...rest } = tensorFlowParts
  await opened(await wheelOf({ files: rest }), wheel => {
    expect(() => tensorFlowFiles(wheel, { platform: 'linux' })).toThrow(/no tensorflow\/libtensorflow_cc\.so\.2 in it/)
  })
  await opened(await wheelOf(), wheel => {
    expect(() => tensorFlowFiles(wheel, { platform: 'darwin' })).toThrow(/libtensorflow_cc\.2\.dylib/)
  })
})

it.skipIf(process.platform === 'win32')(
  'the libraries get the names that the binding and the loader ask for',
  async () => {
    const deps = await temporaryFolder()
    await expect(linkLibraries(deps, { platform: 'linux' })).rejects.toThrow(/libtensorflow_cc\.so\.2/)
    await writeFile(join(deps, 'lib', 'libtensorflow_cc.so.2'), '')
    await writeFile(join(deps, 'lib', 'libtensorflow_framework.so.2'), '')
    await linkLibraries(deps, { platform: 'linux' })
    const links = ['libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow_framework.so']
    expect(await Promise.all(links.map(name => readlink(join(deps, 'lib', name))))).toEqual([
      'libtensorflow_cc.so.2',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ])
  },
)

describe('the CUDA libraries', () => {
  it('that TensorFlow needs are those of its extra', async () => {
    const requirements = await opened(await wheelOf({ metadata: cudaExtra }), cudaRequirements)
    expect(requirements).toEqual(['nvidia-cublas-cu12<13.0,>=12.5.3.2', 'nvidia-cudnn-cu12<10.0,>=9.3.0.75'])
  })

  it.each([
    ['an option', '--index-url=x; extra == "and-cuda"'],
    ['an address', 'nvidia-cublas-cu12 @ file:///x; extra == "and-cuda"'],
    ['another package', 'numpy>=1; extra == "and-cuda"'],
  ])('are refused when one is %s', async (_, requirement) => {
    const path = await wheelOf({ metadata: [...cudaExtra, `Requires-Dist: ${requirement}`] })
    await opened(path, wheel => expect(() => cudaRequirements(wheel)).toThrow(/no package of NVIDIA's/))
  })

  it('are refused when there are none, or too many', async () => {
    await opened(await wheelOf(), wheel => expect(() => cudaRequirements(wheel)).toThrow(/names 0 packages/))
    const many = Array.from({ length: 33 }, (_, at) => `Requires-Dist: nvidia-part${at}; extra == "and-cuda"`)
    await opened(await wheelOf({ metadata: many }), wheel => expect(() => cudaRequirements(wheel)).toThrow(/names 33/))
  })

  it("lie where TensorFlow's RUNPATH looks: ../nvidia/<part>/lib from its own folder", async () => {
    const deps = await temporaryFolder()
    const path = await wheelOf({
      name: 'nvidia_cublas_cu12',
      version: '12.9.1.4',
      files: {
        'nvidia/cublas/lib/libcublas.so.12': 'library',
        'nvidia/cublas/include/cublas.h': 'header',
        'nvidia/cublas/lib/libcublas_static.a': 'archive',
        'nvidia/cublas/__init__.py': '',
        'nvidia/cuda_nvcc/bin/ptxas': 'program',
        'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc': 'code',
      },
      options: { 'nvidia/cuda_nvcc/bin/ptxas': { os: 3, attrs: (0o100755 << 16) >>> 0 } },
    })
    const wanted = await opened(path, async wheel => {
      const files = nvidiaFiles(wheel)
      await mkdir(join(deps, 'lib'))
      await unpack(wheel, files, deps, new AbortController().signal)
      return files.map(({ to }) => to)
    })
    expect(await readFile(join(deps, 'lib', '../nvidia/cublas/lib/libcublas.so.12'), 'utf8')).toBe('library')
    // TensorFlow starts it.
    expect((await stat(join(deps, 'nvidia/cuda_nvcc/bin/ptxas'))).mode & 0o111).toBe(0o111)
    expect(wanted.sort()).toEqual([
      'nvidia/cublas/lib/libcublas.so.12',
      'nvidia/cuda_nvcc/bin/ptxas',
      'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc',
    ])
  })

  it('are refused when the wheel holds none', async () => {
    const path = await wheelOf({ name: 'nvidia_empty', files: { 'nvidia/empty/__init__.py': '' } })
    await opened(path, wheel => expect(() => nvidiaFiles(wheel)).toThrow(/no library under nvidia/))
  })
})
