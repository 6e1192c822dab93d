import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, type ZipOptions, zipSync } from 'fflate'
import { onTestFinished } from 'vitest'

/** An empty folder, removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-install-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A made-up wheel; what is left out is as TensorFlow 2.21 for Linux on x64 has it. */
export interface WheelParts {
  readonly name?: string
  readonly version?: string
  readonly platform?: string
  readonly fileName?: string
  readonly metadata?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  /** Replaces the sha256 that RECORD has for a file; '' leaves the line out. */
  readonly record?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, ZipOptions>>
  readonly without?: readonly string[]
}

/** The least that an installation needs. */
export const tensorFlowParts: Readonly<Record<string, string>> = {
  'tensorflow/libtensorflow_cc.so.2': 'the C library',
  'tensorflow/libtensorflow_framework.so.2': 'the framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// c',
  'tensorflow/include/tensorflow/c/eager/c_api.h': '// eager',
  'tensorflow/include/xla/tsl/c/tsl_status.h': '// status',
  'tensorflow/include/tensorflow/core/kernels/conv.h': '// not wanted',
  'tensorflow/python/ops.py': 'not wanted',
}

/** The extra of the real wheel, in part. */
export const cudaExtra = [
  'Requires-Dist: numpy>=1.26.0',
  'Provides-Extra: and-cuda',
  'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
  'Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"',
]

/** Writes a wheel into a folder of its own. */
export async function wheelOf(parts: WheelParts = {}): Promise<string> {
  const { name = 'tensorflow_cpu', version = '2.21.0', platform = 'manylinux_2_27_x86_64' } = parts
  const { files = tensorFlowParts, metadata = [], record = {}, options = {}, without = [] } = parts
  const info = `${name}-${version}.dist-info`
  const lines = Object.entries(files).flatMap(([path, text]) => {
    const hash = record[path] ?? createHash('sha256').update(text).digest('base64url')
    return hash === '' ? [] : [`${path},sha256=${hash},${text.length}`]
  })
  const entries: Record<string, string> = {
    ...files,
    [`${info}/METADATA`]: [
      'Metadata-Version: 2.4',
      `Name: ${name}`,
      `Version: ${version}`,
      ...metadata,
      '',
      'Name: body',
    ].join('\n'),
    [`${info}/WHEEL`]: ['Wheel-Version: 1.0', ...platform.split('.').map(tag => `Tag: cp311-cp311-${tag}`), ''].join(
      '\n',
    ),
    [`${info}/RECORD`]: `${lines.join('\n')}\n`,
  }
  for (const file of without) delete entries[file.replace('INFO', info)]
  const zip = zipSync(
    Object.fromEntries(Object.entries(entries).map(([path, text]) => [path, [strToU8(text), options[path] ?? {}]])),
  )
  const path = join(await temporaryFolder(), parts.fileName ?? `${name}-${version}-cp311-cp311-${platform}.whl`)
  await writeFile(path, zip)
  return path
}
