import { cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isLockFile, lockDefaults, lockFolder } from '../../src/disk/index.js'
import { machineName, startOfProcess } from '../../src/disk/machine.js'
import { HearsayError } from '../../src/errors.js'
import { type Child, emptyFolder, startFixture } from './children.js'

const { signal } = new AbortController()

/** A process that claims the folder; resolves with what it says to that. */
async function claimant(folder: string, how = ''): Promise<{ child: Child; says: string }> {
  const child = startFixture('locking.mjs', [folder, how])
  return { child, says: (await child.next())! }
}

const held = /^held \d+$/
const claims = async (folder: string): Promise<string[]> => (await readdir(folder)).filter(isLockFile)

/** A claim as another process would leave it, last touched so long ago. */
async function claimOf(folder: string, content: unknown, ageMs: number, pid = 4_000_000): Promise<string> {
  const path = join(folder, `lock.${pid}.0123456789abcdef`)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  const touched = new Date(Date.now() - ageMs)
  await utimes(path, touched, touched)
  return path
}

describe('a folder’s lock', () => {
  it('is refused to a second process, with the folder and the process that has it', async () => {
    const folder = await emptyFolder()
    const first = await claimant(folder)
    expect(first.says).toBe(`held ${first.child.process.pid}`)
    const refused = lockFolder(folder, signal)
    await expect(refused).rejects.toBeInstanceOf(HearsayError)
    await expect(refused).rejects.toThrow(
      `${folder}: process ${first.child.process.pid} is using it; stop that one first, or name another folder`,
    )
    expect((await claimant(folder)).says).toContain(`process ${first.child.process.pid} is using it`)
    expect(await claims(folder)).toHaveLength(1)
  })

  it('that was copied with it is refused, with what its owner says of that', async () => {
    const folder = await emptyFolder()
    const { child, says } = await claimant(folder)
    expect(says).toMatch(held)
    const copy = join(await emptyFolder(), 'copy')
    await cp(folder, copy, { recursive: true, preserveTimestamps: true })
    await expect(lockFolder(copy, signal, { advice: 'Was it copied?' })).rejects.toThrow(
      `${copy}: process ${child.process.pid} is using it; stop that one first, or name another folder. Was it copied?`,
    )
    // The one that it was copied from is held as before.
    expect(await claims(folder)).toHaveLength(1)
  })

  it.each(['release', 'exit'])('is free again after %s', async how => {
    const folder = await emptyFolder()
    const { child, says } = await claimant(folder, how)
    expect(says).toMatch(held)
    child.process.stdin.end()
    await child.ended
    expect(await readdir(folder)).toEqual([])
    const lock = await lockFolder(folder, signal)
    await lock.release()
    await lock.release()
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over from a process that was killed, again and again', async () => {
    const folder = await emptyFolder()
    for (let turn = 0; turn < 5; turn++) {
      const { child, says } = await claimant(folder)
      expect(says).toMatch(held)
      child.process.kill('SIGKILL')
      await child.ended
      expect(await claims(folder)).toHaveLength(1)
    }
    const lock = await lockFolder(folder, signal)
    expect(await claims(folder)).toHaveLength(1)
    await lock.release()
  })

  it('has never two holders, however many want it at once', async () => {
    const folder = await emptyFolder()
    for (let turn = 0; turn < 3; turn++) {
      const all = await Promise.all(Array.from({ length: 5 }, () => claimant(folder)))
      const holders = all.filter(({ says }) => held.test(says))
      expect(holders.length).toBeLessThanOrEqual(1)
      for (const { says } of all) expect(says).toMatch(/^held \d+$|^HearsayError: .+: process \d+ is using it/)
      // With the stale claim of one that was killed in the next turn's way.
      for (const { child } of all) child.process.kill('SIGKILL')
      await Promise.all(all.map(({ child }) => child.ended))
    }
  })

  it('is refused to the process that has it, too', async () => {
    const folder = await emptyFolder()
    const lock = await lockFolder(folder, signal)
    await expect(lockFolder(folder, signal)).rejects.toThrow(`this process (${process.pid}) is using it`)
    await lock.release()
    await (await lockFolder(folder, signal)).release()
  })

  it('waits for nothing after the signal', async () => {
    const folder = await emptyFolder()
    await expect(lockFolder(folder, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    expect(await readdir(folder)).toEqual([])
  })

  it('says where a folder cannot be claimed', async () => {
    const folder = join(await emptyFolder(), 'missing')
    await expect(lockFolder(folder, signal)).rejects.toThrow(`${folder}: there is no such file or folder.`)
  })

  it('is lost to whoever removes the claim, and says so', async () => {
    const folder = await emptyFolder()
    const lock = await lockFolder(folder, signal, { beatMs: 20 })
    const lost = new Promise<unknown>(resolve => {
      lock.lost.addEventListener('abort', () => resolve(lock.lost.reason))
    })
    const [claim] = await claims(folder)
    await rm(join(folder, claim!))
    expect(await lost).toMatchObject({ name: 'HearsayError', message: expect.stringContaining(folder) })
    await lock.release()
  })

  it('beats without changing what it says', async () => {
    const folder = await emptyFolder()
    const lock = await lockFolder(folder, signal, { beatMs: 5 })
    const [claim] = await claims(folder)
    const path = join(folder, claim!)
    const text = await readFile(path, 'utf8')
    const old = new Date(Date.now() - 1e6)
    await utimes(path, old, old)
    while ((await stat(path)).mtimeMs < Date.now() - 1e5) expect(await readFile(path, 'utf8')).toBe(text)
    await lock.release()
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a claim', () => {
  const takeable = async (folder: string): Promise<boolean> => {
    try {
      await (await lockFolder(folder, signal)).release()
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(HearsayError)
      return false
    }
  }

  it.runIf(process.platform === 'linux')('whose number went to another process does not stand', async () => {
    const folder = await emptyFolder()
    const machine = await machineName()
    const started = await startOfProcess(process.ppid)
    await claimOf(folder, { pid: process.ppid, machine, started }, 1e6, process.ppid)
    expect(await takeable(folder)).toBe(false)
    await claimOf(folder, { pid: process.ppid, machine, started: '1' }, 0, process.ppid)
    expect(await takeable(folder)).toBe(true)
    expect(await readdir(folder)).toEqual([])
  })

  it('of a process that cannot be asked stands while it beats', async () => {
    const folder = await emptyFolder()
    const elsewhere = { pid: process.pid, machine: 'another', started: '1' }
    await claimOf(folder, elsewhere, lockDefaults.staleMs - 10_000, process.pid)
    await expect(lockFolder(folder, signal)).rejects.toThrow(
      `${folder}: process ${process.pid} on another machine or in another container is using it`,
    )
    await claimOf(folder, elsewhere, lockDefaults.staleMs + 10_000, process.pid)
    expect(await takeable(folder)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['half of it', '{"pid":4000000,"mach'],
    ['a number that is none', { pid: 'one', machine: 'here' }],
    ['more than it should', { pid: 4_000_000, machine: 'here', extra: true }],
    ['too long a machine', { pid: 4_000_000, machine: 'x'.repeat(1001) }],
    ['far too much', 'x'.repeat(5000)],
  ])('that says %s stands while it is young', async (_, content) => {
    const folder = await emptyFolder()
    await claimOf(folder, content, 0)
    await expect(lockFolder(folder, signal)).rejects.toThrow('process 4000000 is using it')
    await claimOf(folder, content, lockDefaults.staleMs + 10_000)
    expect(await takeable(folder)).toBe(true)
    expect(await readdir(folder)).toEqual([])
  })

  it('is not read where it is longer than claims are: then its age decides', async () => {
    const folder = await emptyFolder()
    // Nobody has this process any more.
    const gone = JSON.stringify({ pid: 4_000_000, machine: await machineName() })
    await claimOf(folder, gone.padEnd(4097), 0)
    expect(await takeable(folder)).toBe(false)
    await claimOf(folder, gone.padEnd(4096), 0)
    expect(await takeable(folder)).toBe(true)
  })

  it('that was never finished is cleared away once it is old, and other files never are', async () => {
    const folder = await emptyFolder()
    const unfinished = `${await claimOf(folder, '', 0)}.part`
    await rm(unfinished.slice(0, -'.part'.length))
    await writeFile(unfinished, '')
    await writeFile(join(folder, 'lock.txt'), 'mine')
    await writeFile(join(folder, 'notes'), 'mine')
    // A lock is a file: a folder that is called so is nobody's claim.
    const named = 'lock.1.0123456789abcdef'
    await mkdir(join(folder, named))
    await utimes(join(folder, named), 0, 0)
    expect(await takeable(folder)).toBe(true)
    expect((await readdir(folder)).sort()).toEqual([named, 'lock.4000000.0123456789abcdef.part', 'lock.txt', 'notes'])
    const old = new Date(Date.now() - lockDefaults.staleMs - 10_000)
    await utimes(unfinished, old, old)
    expect(await takeable(folder)).toBe(true)
    expect((await readdir(folder)).sort()).toEqual([named, 'lock.txt', 'notes'])
  })
})

describe('a process’s start', () => {
  it.runIf(process.platform === 'linux')('is its own, and not there for one that is not', async () => {
    expect(await startOfProcess(process.pid)).toMatch(/^\d+$/)
    expect(await startOfProcess(process.pid)).toBe(await startOfProcess(process.pid))
    expect(await startOfProcess(2 ** 31 - 1)).toBeUndefined()
  })
})
