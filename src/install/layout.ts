import { access, mkdir, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { HearsayError } from '../errors.js'
import { librariesOf, type Target } from './target.js'
import type { Wanted, Wheel } from './wheel.js'

/*
 * Where files of the wheels go in the binding's `deps` folder. TensorFlow looks for the CUDA libraries relative to
 * itself: the RUNPATH of its CUDA build names $ORIGIN/../nvidia/<part>/lib (cuda_rpath_flags in TensorFlow's build
 * files; in the wheel that is site-packages/nvidia beside site-packages/tensorflow). So deps/lib stands for the
 * wheel's tensorflow folder, and nvidia lies beside it.
 */

/** The headers that the binding includes, directly and through others. */
const headerFolders = ['tensorflow/c', 'tensorflow/core/platform', 'xla/tsl', 'tsl']

/** What must be there for the binding to compile. */
const neededHeaders = ['tensorflow/c/c_api.h', 'tensorflow/c/eager/c_api.h']

/**
 * The entries of TensorFlow's wheel that the binding needs, and where each goes under `deps`.
 *
 * @throws {@link HearsayError} `BACKEND` when one is missing
 */
export function tensorFlowFiles(wheel: Pick<Wheel, 'path' | 'entries'>, target: Pick<Target, 'platform'>): Wanted[] {
  const wanted: Wanted[] = []
  const need = (name: string, to: string): void => {
    const entry = wheel.entries.get(name)
    if (entry === undefined) {
      throw new HearsayError(
        'BACKEND',
        `there is no ${name} in it, so it holds no C library; use a wheel as TensorFlow publishes it`,
        { source: basename(wheel.path) },
      )
    }
    wanted.push({ entry, to })
  }
  for (const library of librariesOf(target).files) need(`tensorflow/${library}`, `lib/${library}`)
  for (const header of neededHeaders) need(`tensorflow/include/${header}`, `include/${header}`)
  for (const [name, entry] of wheel.entries) {
    const header = name.startsWith('tensorflow/include/') ? name.slice('tensorflow/include/'.length) : ''
    if (!header.endsWith('.h') || neededHeaders.includes(header)) continue
    if (headerFolders.some(folder => header.startsWith(`${folder}/`))) wanted.push({ entry, to: `include/${header}` })
  }
  return wanted
}

/** The entries of a wheel of NVIDIA's, headers and static libraries left out, with their place under `deps`. */
export function nvidiaFiles(wheel: Pick<Wheel, 'path' | 'entries'>): Wanted[] {
  const wanted: Wanted[] = []
  for (const [name, entry] of wheel.entries) {
    const [root, part, kind] = name.split('/')
    if (root !== 'nvidia' || part === undefined || kind === undefined) continue
    if (kind === 'include' || /\.(a|py|pyc|h|hpp)$/.test(name)) continue
    wanted.push({ entry, to: name })
  }
  if (wanted.length === 0) {
    throw new HearsayError('BACKEND', 'there is no library under nvidia/ in it', { source: basename(wheel.path) })
  }
  return wanted
}

/**
 * What a TensorFlow wheel needs of NVIDIA's packages: its extra "and-cuda", as pip writes requirements.
 *
 * @throws {@link HearsayError} `BACKEND` when it names none, or something else than NVIDIA's packages
 */
export function cudaRequirements({ path, requirements }: Pick<Wheel, 'path' | 'requirements'>): string[] {
  const ofExtra = requirements.filter(line => /;.*\bextra\s*==\s*["']and-cuda["']/.test(line))
  const specifiers = ofExtra.map(line => line.split(';', 1)[0]!.trim())
  for (const specifier of specifiers) {
    // They become arguments of pip: nothing that could be an option, an address or a path.
    if (!/^nvidia-[a-z0-9-]+\s*[<>=!~.,*0-9\s]*$/.test(specifier)) {
      throw new HearsayError('BACKEND', `it requires ${JSON.stringify(specifier)}, which is no package of NVIDIA's`, {
        source: basename(path),
      })
    }
  }
  if (specifiers.length === 0 || specifiers.length > cudaPackageLimit) {
    throw new HearsayError(
      'BACKEND',
      `its extra and-cuda names ${specifiers.length} packages; between 1 and ${cudaPackageLimit} are expected`,
      { source: basename(path) },
    )
  }
  return specifiers
}

/** TensorFlow 2.21 names 12. */
const cudaPackageLimit = 32

/** Makes the links under which the binding looks for the libraries. */
export async function linkLibraries(deps: string, target: Pick<Target, 'platform'>): Promise<void> {
  const folder = join(deps, 'lib')
  await mkdir(folder, { recursive: true })
  for (const [link, file] of Object.entries(librariesOf(target).links)) {
    await access(join(folder, file))
    await symlink(file, join(folder, link))
  }
}
