import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { checkSpace, makePlace, publish, removeInstalled } from '../../src/install/place.js'
import { type InstallationRecord, installedNative, nativeFolder } from '../../src/learner/backend/installed.js'
import { temporaryFolder } from './wheels.js'

/** A number that no process has: of one that has ended. */
const deadPid = spawnSync(process.execPath, ['-e', '0']).pid

afterEach(() => vi.unstubAllEnvs())

async function install(folder: string, parts: Partial<InstallationRecord> = {}): Promise<string> {
  const place = await makePlace(folder)
  const entry = join(place, 'node_modules/@tensorflow/tfjs-node/dist/index.js')
  await mkdir(dirname(entry), { recursive: true })
  await writeFile(entry, '')
  const { platform, arch } = process
  const record = {
    package: '@tensorflow/tfjs-node',
    tensorflow: '2.21.0',
    wheel: 'x.whl',
    cuda: false,
    platform,
    arch,
    bytes: 1,
  }
  await publish({ folder: basename(place), ...record, ...parts }, folder)
  return entry
}

describe('the folder of native TensorFlow', () => {
  it("is HEARSAY_NATIVE, else Hearsay's own", () => {
    vi.stubEnv('HEARSAY_NATIVE', '/somewhere/else')
    expect(nativeFolder()).toMatch(/somewhere.else$/)
    vi.stubEnv('HEARSAY_NATIVE', '')
    expect(nativeFolder()).toMatch(/hearsay[\\/](Data[\\/])?native$/)
  })

  it('holds nothing at first', async () => {
    const folder = await temporaryFolder()
    expect(installedNative(folder)).toBeUndefined()
    expect(installedNative(join(folder, 'nowhere'))).toBeUndefined()
    await makePlace(folder)
    expect(installedNative(folder)).toBeUndefined()
  })

  it('holds what was published, and only that', async () => {
    const folder = await temporaryFolder()
    const first = await install(folder)
    expect(installedNative(folder)).toMatchObject({ entry: first, tensorflow: '2.21.0' })
    const second = await install(folder, { tensorflow: '2.22.0' })
    expect(installedNative(folder)).toMatchObject({ entry: second, tensorflow: '2.22.0' })
    expect(await readdir(folder)).toHaveLength(2)
  })

  it('says so where its record is larger than records are', async () => {
    const folder = await temporaryFolder()
    await install(folder)
    const path = join(folder, 'installed.json')
    const record = await readFile(path, 'utf8')
    await writeFile(path, record.padEnd(4096))
    expect(installedNative(folder)).toBeDefined()
    await writeFile(path, record.padEnd(4097))
    expect(() => installedNative(folder)).toThrow('installed.json has more than 4096 bytes')
  })

  it('does not lose the work of another installer that is still at it, and clears after one that died', async () => {
    const folder = await temporaryFolder()
    const alive = `tensorflow-${process.ppid}-abcdef`
    const dead = `tensorflow-${deadPid}-abcdef`
    for (const name of [alive, dead, 'notes']) await mkdir(join(folder, name))
    await install(folder)
    const names = await readdir(folder)
    expect(names).toEqual(expect.arrayContaining([alive, 'notes', 'installed.json']))
    expect(names).not.toContain(dead)
  })

  it('can be shared: everyone may read what is installed', async () => {
    const folder = await temporaryFolder()
    const entry = await install(folder)
    const place = entry.slice(0, entry.indexOf('node_modules'))
    expect((await stat(place)).mode & 0o055).toBe(0o055)
  })

  it('does not offer what is for another kind of machine', async () => {
    const folder = await temporaryFolder()
    await install(folder, { arch: 'sparc' })
    expect(installedNative(folder)).toBeUndefined()
  })

  it.each([
    ['no JSON', '{'],
    ['unknown fields', '{"folder":"tensorflow-1-abcdef"}'],
    ['a way out of the folder', undefined],
  ])('says that it is damaged when its record has %s', async (_, text) => {
    const folder = await temporaryFolder()
    await install(folder)
    const path = join(folder, 'installed.json')
    const record = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, text ?? JSON.stringify({ ...record, folder: '../../evil' }))
    expect(() => installedNative(folder)).toThrow(/damaged.*hearsay backend install/)
  })

  it('says so when the files are gone', async () => {
    const folder = await temporaryFolder()
    const entry = await install(folder)
    await rm(entry)
    expect(() => installedNative(folder)).toThrow(/index\.js is gone/)
  })

  it('that cannot be written to is an error with the remedy', async () => {
    const file = join(await temporaryFolder(), 'file')
    await writeFile(file, '')
    await expect(makePlace(file)).rejects.toThrow(/HEARSAY_NATIVE/)
  })
})

describe('removing', () => {
  it('takes what was installed and nothing else', async () => {
    const folder = await temporaryFolder()
    await install(folder)
    await writeFile(join(folder, 'thesis.tex'), 'mine')
    expect(await removeInstalled(folder)).toBeGreaterThanOrEqual(0)
    expect(await readdir(folder)).toEqual(['thesis.tex'])
    expect(installedNative(folder)).toBeUndefined()
    expect(await removeInstalled(folder)).toBeUndefined()
  })

  it('takes the folder too when nothing else is in it', async () => {
    const folder = join(await temporaryFolder(), 'native')
    await install(folder)
    await removeInstalled(folder)
    expect(await readdir(dirname(folder))).toEqual([])
    expect(await removeInstalled(folder)).toBeUndefined()
  })
})

describe('the disk', () => {
  it('has room for little', async () => {
    await checkSpace(join(await temporaryFolder(), 'not', 'yet', 'there'), 1)
  })

  it('has no room for more than there is, and says both numbers', async () => {
    await expect(checkSpace(await temporaryFolder(), 1e18)).rejects.toThrow(
      /1000000000\.0 GB of disk are needed and [\d.]+ GB are free; .*HEARSAY_NATIVE/,
    )
  })
})
