import { HearsayError } from '../errors.js'

/** What TensorFlow's wheel must fit, and what the names in it are on this platform. */
export interface Target {
  readonly platform: 'linux' | 'darwin'
  readonly arch: 'x64' | 'arm64'
  /** The C library's version; undefined on macOS. */
  readonly glibc?: string
  /** The package on Python's index that holds TensorFlow for this platform. */
  readonly distribution: 'tensorflow-cpu' | 'tensorflow'
}

/** What {@link targetOf} depends on; tests describe machines that they do not run on. */
export interface Machine {
  readonly platform: string
  readonly arch: string
  readonly glibc?: string | undefined
}

/**
 * The version that is downloaded. The binding of tfjs-node 4.22 was compiled against 2.21.0 and trained with it; a
 * later one may take away a C function that it calls. Other versions can be given as a file, and the training step
 * decides.
 */
export const triedVersion = '2.21'

/** The tag of the 2.21 wheels is manylinux_2_27: checked before 270 MB are downloaded for nothing. */
const leastGlibc = '2.27'

/**
 * What to install on this machine.
 *
 * @throws {@link HearsayError} `BACKEND` where TensorFlow has no wheel with a C library that fits
 */
export function targetOf(cuda: boolean, machine: Machine = thisMachine()): Target {
  const { platform, arch, glibc } = machine
  const elsewhere = '--backend webgpu and --backend wasm are there without it'
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) {
    if (glibc === undefined) {
      throw unsupported(`this Linux has no glibc (musl?), which TensorFlow's wheels need; ${elsewhere}`)
    }
    if (compareVersions(glibc, leastGlibc) < 0) {
      throw unsupported(
        `TensorFlow ${triedVersion} needs glibc ${leastGlibc} and this system has ${glibc}; update the system, or ${elsewhere}`,
      )
    }
    if (cuda && arch !== 'x64')
      throw unsupported(`--cuda: TensorFlow has CUDA wheels for Linux on x64 only, not ${arch}`)
    return { platform, arch, glibc, distribution: cuda ? 'tensorflow' : 'tensorflow-cpu' }
  }
  if (platform === 'darwin' && arch === 'arm64') {
    if (cuda) throw unsupported('--cuda: there is no CUDA on macOS; --backend webgpu uses the GPU of this machine')
    return { platform, arch, distribution: 'tensorflow' }
  }
  const why = platform === 'win32' ? "TensorFlow's wheel for Windows has no C library of the layout that is needed" : ''
  throw unsupported(
    `native TensorFlow can be installed on Linux (x64, arm64) and macOS (arm64), not on ${platform} ${arch}` +
      `${why === '' ? '' : ` (${why})`}; ${elsewhere}`,
  )
}

/** This machine, as Node knows it. */
export function thisMachine(): Machine {
  return { platform: process.platform, arch: process.arch, glibc: glibcVersion() }
}

function glibcVersion(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime
}

/** Compares dotted numbers: negative when `a` is the earlier one. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(text => text.split('.').map(Number))
  for (let at = 0; at < Math.max(left!.length, right!.length); at++) {
    const difference = (left![at] ?? 0) - (right![at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * The names of TensorFlow's two libraries in the wheel, and the links under which the binding and its loader look for
 * them.
 */
export function librariesOf({ platform }: Pick<Target, 'platform'>): {
  readonly files: readonly [string, string]
  readonly links: Readonly<Record<string, string>>
} {
  // libtensorflow_cc holds the C functions that libtensorflow has elsewhere.
  return platform === 'linux'
    ? {
        files: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
        links: {
          'libtensorflow.so': 'libtensorflow_cc.so.2',
          'libtensorflow.so.2': 'libtensorflow_cc.so.2',
          'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
        },
      }
    : {
        files: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
        links: {
          'libtensorflow.dylib': 'libtensorflow_cc.2.dylib',
          'libtensorflow.2.dylib': 'libtensorflow_cc.2.dylib',
          'libtensorflow_framework.dylib': 'libtensorflow_framework.2.dylib',
        },
      }
}

function unsupported(message: string): HearsayError {
  return new HearsayError('BACKEND', message)
}
