import { rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { createDeadline } from '../deadline.js'
import { HearsayError } from '../errors.js'
import { type Installed, installedNative, nativeFolder } from '../learner/backend/installed.js'
import { compileBinding, findCompiler } from './build.js'
import { checkPlatform, checkTensorFlow } from './description.js'
import { cudaRequirements, linkLibraries, nvidiaFiles, tensorFlowFiles } from './layout.js'
import { bindingPackage, installPackages } from './packages.js'
import { downloadWheel, findPip, type Pip } from './pip.js'
import { bytesUnder, checkSpace, makePlace, publish } from './place.js'
import { type Target, targetOf, triedVersion } from './target.js'
import { tryTraining } from './verify.js'
import { openWheel, unpack, unpackedBytes, type Wanted, type Wheel } from './wheel.js'

/** What to install, and from where. */
export interface InstallOptions {
  /** The CUDA build and NVIDIA's libraries for it. */
  readonly cuda?: boolean
  /** A wheel that is already here; downloaded with pip when left out. */
  readonly wheel?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (event: InstallEvent) => void
}

/** What {@link installNative} does, as it happens. */
export type InstallEvent =
  | {
      readonly type: 'planned'
      readonly folder: string
      /** "tensorflow-cpu 2.21" or the wheel's file name. */
      readonly source: string
      /** Both are approximate; those of the CUDA libraries are estimates. */
      readonly downloadBytes: number
      readonly diskBytes: number
    }
  | { readonly type: 'step'; readonly text: string }
  | {
      readonly type: 'done'
      readonly installed: Installed
      readonly gpu: boolean
      readonly before: number
      readonly after: number
    }

/**
 * Approximate size of each part, to report before it begins and to check the disk. TensorFlow for the CPU and npm's
 * packages were measured with 2.21.0 (x64). The CUDA figures add up the sizes of published wheels and were not
 * measured.
 */
const sizes = {
  npm: { download: 60e6, disk: 310e6 },
  cpu: { download: 275e6, disk: 860e6 },
  cuda: { download: 3.4e9, disk: 7.5e9 },
} as const

/** Unpacking 0.9 GB took 9 s; a slow disk and the CUDA libraries take longer. */
const unpackMs = 30 * 60_000

/**
 * Installs native TensorFlow into Hearsay's own folder: packages from npm, libraries from a Python wheel, the binding
 * compiled here, and all of it tried with a training step. What was installed before stays in use until that has
 * worked, and stays if anything fails.
 *
 * @throws {@link HearsayError} `BACKEND` with the remedy; the signal's reason. Nothing is left behind
 */
export async function installNative(options: InstallOptions = {}): Promise<Installed> {
  const { cuda = false, signal, onProgress } = options
  const step = (text: string): void => onProgress?.({ type: 'step', text })
  // Whatever can be checked before anything is downloaded is checked first.
  const target = targetOf(cuda)
  const given = options.wheel === undefined ? undefined : resolve(options.wheel)
  if (given !== undefined) await withWheel(given, async wheel => checkedFiles(wheel, target, cuda))
  const pip = given === undefined || cuda ? await findPip(signal) : undefined
  const compiler = await findCompiler(signal)
  const folder = nativeFolder()
  const tensorFlow = cuda ? sizes.cuda : sizes.cpu
  const diskBytes = sizes.npm.disk + tensorFlow.disk
  const downloadBytes = sizes.npm.download + (given === undefined || cuda ? tensorFlow.download : 0)
  await checkSpace(folder, diskBytes + (given === undefined ? sizes.cpu.download : 0))
  const source = given === undefined ? `${target.distribution} ${triedVersion}` : basename(given)
  onProgress?.({ type: 'planned', folder, source, downloadBytes, diskBytes })

  const place = await makePlace(folder)
  try {
    step(`packages from npm: ${bindingPackage}`)
    const modules = await installPackages(place, signal)
    const deps = join(modules, bindingPackage, 'deps')
    const downloads = join(place, 'download')
    const wheel =
      given ?? (await download(pip!, `${target.distribution}==${triedVersion}.*`, target, downloads, options))
    const { requirements, version } = await withWheel(wheel, async opened => {
      const checked = checkedFiles(opened, target, cuda)
      step(`unpacking ${basename(wheel)}: ${checked.files.length} files`)
      await unpackInto(deps, opened, checked.files, signal)
      return { ...checked, version: opened.version }
    })
    await linkLibraries(deps, target)
    await rm(downloads, { recursive: true, force: true })
    for (const requirement of requirements) await addNvidia(pip!, requirement, target, deps, downloads, options)
    step(`compiling the binding against TensorFlow ${version}`)
    await compileBinding(compiler, modules, bindingPackage, target, signal)
    step('trying it: a small network is trained in a process of its own')
    const entry = join(modules, bindingPackage, 'dist', 'index.js')
    const { tensorflow, gpu, before, after } = await tryTraining(entry, signal)
    const bytes = await bytesUnder(place)
    signal?.throwIfAborted()
    const { platform, arch } = target
    await publish(
      {
        folder: basename(place),
        package: bindingPackage,
        tensorflow,
        wheel: basename(wheel),
        cuda,
        platform,
        arch,
        bytes,
      },
      folder,
    )
    const installed = installedNative(folder)!
    onProgress?.({ type: 'done', installed, gpu, before, after })
    return installed
  } catch (error) {
    await rm(place, { recursive: true, force: true })
    throw error
  }
}

/** What is wanted of TensorFlow's wheel, after it was found to be one for this machine. */
function checkedFiles(
  wheel: Wheel,
  target: Target,
  cuda: boolean,
): { readonly files: Wanted[]; readonly requirements: readonly string[] } {
  checkTensorFlow(wheel, target, cuda)
  return { files: tensorFlowFiles(wheel, target), requirements: cuda ? cudaRequirements(wheel) : [] }
}

async function addNvidia(
  pip: Pip,
  requirement: string,
  target: Target,
  deps: string,
  downloads: string,
  options: InstallOptions,
): Promise<void> {
  const path = await download(pip, requirement, target, downloads, options)
  await withWheel(path, async wheel => {
    checkPlatform(wheel, target)
    await unpackInto(deps, wheel, nvidiaFiles(wheel), options.signal)
  })
  // One at a time: all wheels together would take as much disk again as what is in them.
  await rm(downloads, { recursive: true, force: true })
}

async function download(
  pip: Pip,
  requirement: string,
  target: Target,
  folder: string,
  { signal, onProgress }: InstallOptions,
): Promise<string> {
  onProgress?.({ type: 'step', text: `downloading ${requirement} with ${pip.command.join(' ')}` })
  return downloadWheel(pip, requirement, target, folder, signal)
}

async function unpackInto(deps: string, wheel: Wheel, files: readonly Wanted[], signal?: AbortSignal): Promise<void> {
  await checkSpace(deps, unpackedBytes(files))
  const minutes = unpackMs / 60_000
  const deadline = createDeadline(signal)
  deadline.within(
    unpackMs,
    new HearsayError('BACKEND', `${basename(wheel.path)} was not unpacked within ${minutes} min; use a faster disk`),
  )
  try {
    await unpack(wheel, files, deps, deadline.signal)
  } finally {
    deadline.clear()
  }
}

async function withWheel<T>(path: string, use: (wheel: Wheel) => Promise<T>): Promise<T> {
  const wheel = await openWheel(path)
  try {
    return await use(wheel)
  } finally {
    wheel.close()
  }
}
