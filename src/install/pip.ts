import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../errors.js'
import { archOf } from './description.js'
import { compareVersions, type Target } from './target.js'
import { lastWords, runTool, type ToolResult } from './tool.js'

/** How pip is started: the program and the arguments that go first. */
export interface Pip {
  readonly command: readonly [string, ...string[]]
  readonly version: string
}

/** Of those that can be on the PATH, the one that belongs to a Python comes first. */
const candidates: readonly Pip['command'][] = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']]

/** The first pip that takes several platform tags at once. */
const leastPip = '20.3'

const versionMs = 30_000

/** One wheel: 0.7 GB at 0.2 MB/s. */
const downloadMs = 60 * 60_000

/** pip selects wheels for another Python by its version and ABI; the C library is the same in each. */
const python = { version: '3.11', abi: 'cp311' } as const

/**
 * Finds pip.
 *
 * @throws {@link HearsayError} `BACKEND` with the way to get one, or to do without
 */
export async function findPip(signal?: AbortSignal, commands: readonly Pip['command'][] = candidates): Promise<Pip> {
  let tooOld: string | undefined
  for (const command of commands) {
    const [file, ...args] = command
    const result = await runTool(file, [...args, '--version'], {
      purpose: `${command.join(' ')} --version`,
      deadlineMs: versionMs,
      ...(signal && { signal }),
    }).catch(() => {
      // A pip that cannot be started counts as missing; an interruption does not.
      signal?.throwIfAborted()
      return undefined
    })
    const version = /^pip (\d+(\.\d+)*)/.exec(result?.stdout ?? '')?.[1]
    if (result?.status !== 0 || version === undefined) continue
    if (compareVersions(version, leastPip) >= 0) return { command, version }
    tooOld ??= `pip ${version} is too old (${leastPip} is needed): python3 -m pip install --upgrade pip`
  }
  throw new HearsayError(
    'BACKEND',
    `${tooOld ?? 'there is no pip on the PATH: apt install python3-pip (Debian, Ubuntu), dnf install python3-pip (Fedora), brew install python (macOS)'}` +
      '; or give a downloaded wheel with --wheel FILE',
  )
}

/**
 * Downloads one wheel. pip checks it against the sha256 in the index that it is set up to use.
 *
 * @param requirement - as pip takes it: "tensorflow-cpu==2.21.*"
 * @param folder - empty or not yet there; pip's own temporary files go there as well
 * @returns the wheel's path
 * @throws {@link HearsayError} `BACKEND`; the signal's reason
 */
export async function downloadWheel(
  pip: Pip,
  requirement: string,
  target: Target,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  const scratch = join(folder, 'scratch')
  await mkdir(scratch, { recursive: true })
  const [file, ...args] = pip.command
  const result = await runTool(file, [...args, ...downloadArguments(requirement, target, folder)], {
    purpose: `the download of ${requirement}`,
    deadlineMs: downloadMs,
    // /tmp may be small and in memory, and nothing removes what an interruption leaves there.
    env: { ...process.env, TMPDIR: scratch },
    ...(signal && { signal }),
  })
  const wheel = (await readdir(folder)).find(name => name.endsWith('.whl'))
  if (result?.status === 0 && wheel !== undefined) return join(folder, wheel)
  throw new HearsayError(
    'BACKEND',
    `pip cannot download ${requirement} (${reason(result)}); check the network, or give a wheel that was downloaded elsewhere with --wheel FILE`,
  )
}

/**
 * pip's arguments. The wheel is chosen for a Python that TensorFlow has wheels for, not for the one that runs pip:
 * only its C library is used, and a Python that is too new for TensorFlow does not matter.
 */
export function downloadArguments(requirement: string, target: Target, folder: string): string[] {
  return [
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--no-input',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--progress-bar=off',
    `--python-version=${python.version}`,
    '--implementation=cp',
    `--abi=${python.abi}`,
    ...platformTags(target).map(tag => `--platform=${tag}`),
    `--dest=${folder}`,
    requirement,
  ]
}

/** Every platform tag that runs here, best first: pip takes those it is given literally. */
function platformTags(target: Target): string[] {
  const arch = archOf(target)
  // macOS counts 11, 12, … up to 15 and then on from 26; a wheel for a later macOS than this one fails its trial.
  if (target.platform === 'darwin') return Array.from({ length: 20 }, (_, at) => `macosx_${30 - at}_0_arm64`)
  const minor = Number(target.glibc!.split('.')[1])
  const numbered = Array.from({ length: minor - 4 }, (_, at) => `manylinux_2_${minor - at}_${arch}`)
  // The names of PEP 599 and earlier; pip adds manylinux2010 and manylinux1 to the first by itself.
  return [...numbered, `manylinux2014_${arch}`]
}

function reason(result: ToolResult | undefined): string {
  return result === undefined ? 'it could not be started' : lastWords(result)
}
