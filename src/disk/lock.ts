import { randomBytes, randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { lstat, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as z from 'zod'
import { readBounded, whenNotRead } from '../bounded-file.js'
import { HearsayError } from '../errors.js'
import { jsonIn } from '../json.js'
import { whenRefused } from '../system-errors.js'
import { explainDisk, unfinishedEnding, writeThrough } from './durable.js'
import { machineName, startOfProcess } from './machine.js'

/*
 * At most one process holds a folder. There is no single lock file: taking such a file over from a dead process is a
 * race between the processes that found it dead. Each process writes a claim of its own, under a unique name, and only
 * then looks for the claims of others. Of two processes, the one that looks last sees the other's claim, so there are
 * never two holders; and removing the claim of a dead process never removes a new one of the same name.
 */

/** Timing of the lock, in the units of the names. */
export const lockDefaults = {
  /** How often the holder updates its claim, for processes that cannot look up its pid, as on other machines. */
  beatMs: 5_000,
  /** Age at which a claim whose pid cannot be looked up is stale: six beats, to allow for a machine under load. */
  staleMs: 30_000,
  /** Attempts: two processes that claim at the same instant both withdraw, and each retries after a random pause. */
  attempts: 4,
} as const

/** A claim takes some 150 bytes. */
const claimLimitBytes = 4096

const claimSchema = z.strictObject({
  pid: z.int().min(1),
  machine: z.string().min(1).max(1000),
  /** When its process began, as the system reports it; left out where the system does not. */
  started: z.string().max(64).optional(),
})
type Claim = z.output<typeof claimSchema>

const claimName = /^lock\.(\d{1,10})\.[0-9a-f]{16}$/

/** Is this file of a folder the lock's own? For checks whether a folder is empty. */
export function isLockFile(file: string): boolean {
  return claimName.test(file.endsWith(unfinishedEnding) ? file.slice(0, -unfinishedEnding.length) : file)
}

export interface LockInit {
  /** @default lockDefaults.beatMs */
  readonly beatMs?: number
  /** Added to the error's message where another process holds the folder. @default nothing */
  readonly advice?: string
}

/** A folder held by this process. */
export interface Lock {
  /**
   * Aborted, with a {@link HearsayError} as its reason, when another process has taken the folder or the claim was
   * removed. On one machine only a person causes that; on a shared disk, a holder that sleeps for `staleMs` loses it.
   */
  readonly lost: AbortSignal
  /** Releases the folder, as the end of the process does. Idempotent. */
  release(): Promise<void>
}

/**
 * Claims a folder for this process.
 *
 * @throws {@link HearsayError} RUN, naming the folder and the process that holds it
 * @throws the signal's reason
 */
export async function lockFolder(folder: string, signal: AbortSignal, init: LockInit = {}): Promise<Lock> {
  const claimed = await claim(folder, signal, init)
  if ('pid' in claimed) throw refused(folder, claimed, await machineName(), init.advice)
  return claimed
}

/**
 * The same where another process may well hold the folder.
 *
 * @returns undefined where one does
 */
export async function lockIfFree(folder: string, signal: AbortSignal, init: LockInit = {}): Promise<Lock | undefined> {
  const claimed = await claim(folder, signal, init)
  return 'pid' in claimed ? undefined : claimed
}

async function claim(folder: string, signal: AbortSignal, init: LockInit): Promise<Lock | Rival> {
  const { beatMs, staleMs, attempts } = { ...lockDefaults, ...init }
  const machine = await machineName()
  const started = await startOfProcess(process.pid)
  const own: Claim = { pid: process.pid, machine, ...(started !== undefined && { started }) }
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    const path = join(folder, `lock.${process.pid}.${randomBytes(8).toString('hex')}`)
    let rival: Rival | undefined
    try {
      await lay(path, own)
      rival = await rivalIn(folder, path, machine, staleMs)
    } catch (error) {
      await rm(path, { force: true })
      throw explainDisk(error, folder, 'The folder could not be claimed for this process')
    }
    if (rival === undefined) return hold(folder, path, own, beatMs)
    await rm(path, { force: true })
    if (attempt === attempts) return rival
    await setTimeout(randomInt(20, 120), undefined, { signal })
  }
}

/** Writes a claim atomically. */
async function lay(path: string, claim: Claim): Promise<void> {
  const unfinished = `${path}${unfinishedEnding}`
  await writeThrough(unfinished, file => file.writeFile(textOf(claim)))
  await rename(unfinished, path)
}

function textOf(claim: Claim): string {
  return JSON.stringify(claim)
}

interface Rival {
  readonly pid: number
  readonly machine?: string
}

/** Another process whose claim is valid; claims that are not are removed. */
async function rivalIn(folder: string, ownPath: string, machine: string, staleMs: number): Promise<Rival | undefined> {
  // Time by the disk's clock: the clocks of machines that share the folder may differ.
  const { mtimeMs: now } = await stat(ownPath)
  for (const file of await readdir(folder)) {
    const path = join(folder, file)
    if (!isLockFile(file) || path === ownPath) continue
    const age = await ageOf(path, now)
    if (age === undefined) continue
    if (file.endsWith(unfinishedEnding)) {
      if (age > staleMs) await rm(path, { force: true })
      continue
    }
    const claim = await readClaim(path)
    if (await stands(claim, age, machine, staleMs)) {
      return { pid: Number(claimName.exec(file)![1]), ...(claim !== undefined && { machine: claim.machine }) }
    }
    await rm(path, { force: true })
  }
  return undefined
}

/** Milliseconds since a file was last written; undefined where it is gone, or is no file: a lock is one. */
async function ageOf(path: string, now: number): Promise<number | undefined> {
  const found = await lstat(path).catch(whenRefused('ENOENT'))
  return found?.isFile() ? now - found.mtimeMs : undefined
}

/** Undefined where the file is not a claim, as after a power cut: the file's age then determines if it is valid. */
async function readClaim(path: string): Promise<Claim | undefined> {
  const bytes = await readBounded(path, claimLimitBytes).catch(whenNotRead)
  return claimSchema.safeParse(jsonIn(bytes?.toString('utf8') ?? '')).data
}

async function stands(claim: Claim | undefined, age: number, machine: string, staleMs: number): Promise<boolean> {
  if (claim?.machine === machine) {
    if (!isAlive(claim.pid)) return false
    const started = await startOfProcess(claim.pid)
    // Another process may have the pid by now; the start time distinguishes the two.
    if (started !== undefined && claim.started !== undefined) return started === claim.started
    // This process is alive, whatever the age of its claim.
    if (claim.pid === process.pid) return true
  }
  return age < staleMs
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function hold(folder: string, path: string, claim: Claim, beatMs: number): Lock {
  const lost = new AbortController()
  let state: 'held' | 'released' = 'held'
  let beating = Promise.resolve()
  const timer = setInterval(() => {
    beating = beating.then(beat)
  }, beatMs)
  timer.unref()
  const atExit = (): void => {
    try {
      rmSync(path, { force: true })
    } catch (error) {
      // Other processes will find that this claim's process is dead.
      whenRefused()(error)
    }
  }
  process.once('exit', atExit)

  function end(): void {
    state = 'released'
    clearInterval(timer)
    process.off('exit', atExit)
  }

  async function beat(): Promise<void> {
    if (state === 'released') return
    try {
      // The claim is overwritten with the same content: a reader sees it whole, and the disk's own clock dates it.
      const file = await open(path, 'r+')
      try {
        await file.write(textOf(claim), 0)
      } finally {
        await file.close()
      }
    } catch (error) {
      // Any other error may be transient, as of a network share that is briefly unavailable.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || state !== 'held') return
      end()
      lost.abort(
        new HearsayError('RUN', 'the claim of this process is gone; another may have taken the folder over', {
          source: folder,
        }),
      )
    }
  }

  return {
    lost: lost.signal,
    async release() {
      if (state === 'released') return
      end()
      await beating
      await rm(path, { force: true })
    },
  }
}

function refused(folder: string, { pid, machine }: Rival, here: string, advice?: string): HearsayError {
  const elsewhere = machine === undefined || machine === here ? '' : ' on another machine or in another container'
  const who = pid === process.pid && elsewhere === '' ? `this process (${pid})` : `process ${pid}${elsewhere}`
  const text = `${who} is using it; stop that one first, or name another folder`
  return new HearsayError('RUN', advice === undefined ? text : `${text}. ${advice}`, { source: folder })
}
