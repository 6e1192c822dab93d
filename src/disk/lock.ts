import { randomBytes, randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
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
 * One process for one folder. There is no file that all contend for: taking such a file over from a process that died
 * is a race between those who saw it die. Each process lays down a claim of its own, under a name that nobody else
 * uses, and only then looks for the claims of others. Of two, the one that looks last sees the other's, so there are
 * never two holders; a claim that is removed because its process is gone is never a new one by the same name.
 */

/** How the lock behaves, in the units of the names. */
export const lockDefaults = {
  /** How often the holder shows that it lives, for those who cannot ask for its process. */
  beatMs: 5_000,
  /** A holder that cannot be asked for and was silent for so long is gone: six beats, for a machine under load. */
  staleMs: 30_000,
  /** Two who began in the same instant both step back, and try again after a pause of their own. */
  attempts: 4,
} as const

/** A claim takes some 150 bytes. */
const claimLimitBytes = 4096

const claimSchema = z.strictObject({
  pid: z.int().min(1),
  machine: z.string().min(1).max(1000),
  /** When its process began, as its system tells it; left out where it does not tell. */
  started: z.string().max(64).optional(),
})
type Claim = z.output<typeof claimSchema>

const claimName = /^lock\.(\d{1,10})\.[0-9a-f]{16}$/

/** Is this file of a folder the lock's own? For those who ask whether a folder is empty. */
export function isLockFile(file: string): boolean {
  return claimName.test(file.endsWith(unfinishedEnding) ? file.slice(0, -unfinishedEnding.length) : file)
}

export interface LockInit {
  /** @default lockDefaults.beatMs */
  readonly beatMs?: number
  /** What else is said where somebody has it already. @default nothing */
  readonly advice?: string
}

/** A folder that is ours. */
export interface Lock {
  /**
   * Aborted, with a {@link HearsayError} as its reason, when somebody else took the folder or removed the claim. Where
   * processes can be asked for that takes a person; on a disk that machines share, one that slept for `staleMs` loses it.
   */
  readonly lost: AbortSignal
  /** Idempotent. What is not released is released when the process ends. */
  release(): Promise<void>
}

/**
 * Claims a folder for this process.
 *
 * @throws {@link HearsayError} RUN, naming the folder and the process that has it
 * @throws the signal's reason
 */
export async function lockFolder(folder: string, signal: AbortSignal, init: LockInit = {}): Promise<Lock> {
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
    if (attempt === attempts) throw refused(folder, rival, machine, init.advice)
    await setTimeout(randomInt(20, 120), undefined, { signal })
  }
}

/** A claim is there with all it says, or not at all. */
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

/** Somebody else whose claim stands; claims that do not are cleared away. */
async function rivalIn(folder: string, ownPath: string, machine: string, staleMs: number): Promise<Rival | undefined> {
  // The folder's own clock: on a disk that machines share, theirs may differ.
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

/** Milliseconds since it was last touched; undefined where it is gone. */
async function ageOf(path: string, now: number): Promise<number | undefined> {
  const found = await stat(path).catch(whenRefused('ENOENT'))
  return found && now - found.mtimeMs
}

/** Undefined for what is no claim, as after a power cut: then its age decides. */
async function readClaim(path: string): Promise<Claim | undefined> {
  const bytes = await readBounded(path, claimLimitBytes).catch(whenNotRead)
  return claimSchema.safeParse(jsonIn(bytes?.toString('utf8') ?? '')).data
}

async function stands(claim: Claim | undefined, age: number, machine: string, staleMs: number): Promise<boolean> {
  if (claim?.machine === machine) {
    if (!isAlive(claim.pid)) return false
    const started = await startOfProcess(claim.pid)
    // Its number may have gone to another process since; when that began tells the two apart.
    if (started !== undefined && claim.started !== undefined) return started === claim.started
    // Ours, and known to live: age says nothing against it.
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
      // A claim that stays is found to be nobody's.
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
      // Written over with what it holds: never torn for a reader, and dated by the disk's own clock.
      const file = await open(path, 'r+')
      try {
        await file.write(textOf(claim), 0)
      } finally {
        await file.close()
      }
    } catch (error) {
      // Anything else may pass, as a share that is away for a moment.
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
