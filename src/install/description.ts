import { basename } from 'node:path'
import type { Entry, ZipFile } from 'yauzl'
import { HearsayError } from '../errors.js'
import { compareVersions, type Target } from './target.js'

/** A wheel's description of itself. */
export interface WheelDescription {
  /** As its METADATA has it, in lower case and with hyphens: "tensorflow-cpu". */
  readonly distribution: string
  readonly version: string
  /** Platform tags: "manylinux_2_27_x86_64", "any". */
  readonly platforms: readonly string[]
  /** Its Requires-Dist lines. */
  readonly requirements: readonly string[]
}

/** Bounds on the texts in a wheel. TensorFlow's RECORD has 1.7 MB. */
const textLimits = { WHEEL: 64 * 1024, METADATA: 2 ** 20, RECORD: 16 * 2 ** 20 } as const

/**
 * name-version(-build)?-python-abi-platform.whl. A platform part may join several tags with dots.
 * https://packaging.python.org/en/latest/specifications/binary-distribution-format/
 */
const fileName =
  /^(?<name>[A-Za-z0-9_.]+)-(?<version>[A-Za-z0-9_.!+]+)(-\d[A-Za-z0-9_.]*)?-[a-z0-9_.]+-[a-z0-9_.]+-(?<platforms>[a-z0-9_.]+)\.whl$/

/** @throws {@link HearsayError} `BACKEND` */
export async function readDescription(
  path: string,
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
): Promise<WheelDescription & { readonly record: ReadonlyMap<string, string> }> {
  const groups = fileName.exec(basename(path))?.groups
  if (groups === undefined) {
    throw refused(
      path,
      'this is not the name of a wheel (name-version-python-abi-platform.whl); give it under the name it was published with',
    )
  }
  const folders = new Set(
    [...entries.keys()].map(name => name.split('/', 1)[0]!).filter(name => name.endsWith('.dist-info')),
  )
  if (folders.size !== 1) throw refused(path, `a wheel has one .dist-info folder; this file has ${folders.size}`)
  const [folder] = folders
  const read = (name: keyof typeof textLimits): Promise<string> =>
    readText(path, zip, entries, `${folder}/${name}`, textLimits[name])
  const metadata = headersOf(await read('METADATA'))
  const wheel = headersOf(await read('WHEEL'))
  const distribution = normal(metadata.find(([name]) => name === 'name')?.[1] ?? '')
  const version = metadata.find(([name]) => name === 'version')?.[1] ?? ''
  if (distribution !== normal(groups.name!) || version !== groups.version) {
    throw refused(
      path,
      `its METADATA names ${distribution || 'nothing'} ${version}; the file was renamed or is damaged`,
    )
  }
  const tags = wheel.filter(([name]) => name === 'tag').flatMap(([, tag]) => tag.split('-')[2] ?? [])
  const platforms = groups.platforms!.split('.')
  if (!platforms.some(platform => tags.includes(platform))) {
    throw refused(path, `its WHEEL has the tags ${tags.join(', ') || '(none)'}; the file was renamed or is damaged`)
  }
  const requirements = metadata.filter(([name]) => name === 'requires-dist').map(([, value]) => value)
  return { distribution, version, platforms, requirements, record: recordOf(await read('RECORD')) }
}

/**
 * Checks that a wheel is a TensorFlow for this machine.
 *
 * @throws {@link HearsayError} `BACKEND` that names what does not fit and what would
 */
export function checkTensorFlow(
  wheel: WheelDescription & { readonly path: string },
  target: Target,
  cuda: boolean,
): void {
  const { path, distribution, version } = wheel
  if (distribution !== 'tensorflow' && distribution !== 'tensorflow-cpu') {
    throw refused(
      path,
      `this is ${distribution}; give the wheel of ${cuda ? 'tensorflow' : 'tensorflow or tensorflow-cpu'}`,
    )
  }
  if (cuda && distribution !== 'tensorflow') {
    throw refused(path, '--cuda needs the wheel of tensorflow; tensorflow-cpu is built without CUDA')
  }
  if (!/^2\.\d+\.\d+/.test(version)) throw refused(path, `TensorFlow ${version}; a 2.x is needed, 2.21 was tried`)
  checkPlatform(wheel, target)
}

/** @throws {@link HearsayError} `BACKEND` when the wheel is for another platform or a newer system */
export function checkPlatform({ path, platforms }: WheelDescription & { readonly path: string }, target: Target): void {
  const needed = platforms.map(tag => glibcNeeded(tag, target))
  if (needed.some(version => version === '')) return
  const least = needed.filter(version => version !== undefined).sort(compareVersions)[0]
  if (least === undefined) {
    const wanted = target.platform === 'darwin' ? 'macosx_…_arm64' : `manylinux_…_${archOf(target)}`
    throw refused(path, `this wheel is for ${platforms.join(', ')}; this machine needs one for ${wanted}`)
  }
  if (target.glibc !== undefined && compareVersions(target.glibc, least) < 0) {
    throw refused(
      path,
      `this wheel needs glibc ${least} and this system has ${target.glibc}; update the system or give an older wheel`,
    )
  }
}

/** glibc of the older names of manylinux tags (PEP 513, 571, 599). */
const legacyTags: Readonly<Record<string, string>> = { manylinux1: '2.5', manylinux2010: '2.12', manylinux2014: '2.17' }

/** The glibc that a platform tag requires; '' when none; undefined when the tag is for another machine. */
function glibcNeeded(tag: string, target: Target): string | undefined {
  if (tag === 'any') return ''
  if (target.platform === 'darwin') return /^macosx_\d+_\d+_(arm64|universal2)$/.test(tag) ? '' : undefined
  const arch = archOf(target)
  if (tag === `linux_${arch}`) return ''
  const [, major, minor] = /^manylinux_(\d+)_(\d+)_/.exec(tag) ?? []
  if (major !== undefined && tag === `manylinux_${major}_${minor}_${arch}`) return `${major}.${minor}`
  const [, legacy] = /^(manylinux\d+)_/.exec(tag) ?? []
  return legacy !== undefined && tag === `${legacy}_${arch}` ? legacyTags[legacy] : undefined
}

/** The processor as platform tags have it. */
export function archOf({ arch }: Pick<Target, 'arch'>): 'x86_64' | 'aarch64' {
  return arch === 'x64' ? 'x86_64' : 'aarch64'
}

async function readText(
  path: string,
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
  name: string,
  limit: number,
): Promise<string> {
  const entry = entries.get(name)
  if (entry === undefined) throw refused(path, `this is no wheel: there is no ${name} in it`)
  if (entry.uncompressedSize > limit)
    throw refused(path, `${name} has ${entry.uncompressedSize} bytes; the limit is ${limit}`)
  const chunks: Buffer[] = []
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** The header lines of METADATA and WHEEL: "Name: value" up to the first empty line; names in lower case. */
function headersOf(text: string): [string, string][] {
  const [head] = text.replaceAll('\r\n', '\n').split('\n\n', 1)
  return head!.split('\n').flatMap(line => {
    const [, name, value] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? []
    return name === undefined ? [] : [[name.toLowerCase(), value!.trim()] as [string, string]]
  })
}

/** "path,sha256=hash,size" a line. Names with a comma are quoted; none that we want has one. */
function recordOf(text: string): Map<string, string> {
  const record = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, hash] = /^([^",]+),sha256=([A-Za-z0-9_-]{43}),/.exec(line) ?? []
    if (name !== undefined) record.set(name, hash!)
  }
  return record
}

/** PEP 503: case and the kind of separator do not count. */
function normal(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

function refused(path: string, what: string): HearsayError {
  return new HearsayError('BACKEND', what, { source: basename(path) })
}
