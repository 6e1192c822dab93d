import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { whenRefused } from '../system-errors.js'

/**
 * Where process numbers mean the same: on Linux one boot and one namespace of processes, for containers count their
 * own and may share a folder; elsewhere the host.
 */
export async function machineName(): Promise<string> {
  if (process.platform === 'linux') {
    try {
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
      return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`
    } catch (error) {
      // No /proc here: the host must do.
      whenRefused()(error)
    }
  }
  return hostname()
}

/**
 * When a process began, as its system counts; undefined where the system does not tell. With its number it names a
 * process for good: numbers are given out again, never at the same tick of the clock. A process that has ended and
 * whose parent has not yet noticed counts as another one.
 */
export async function startOfProcess(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the name, in brackets, may hold anything; after it come the state as field 3, and the start as field 22.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19]
  } catch (error) {
    // ESRCH is of a process that ends while its file is read.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    return whenRefused()(error)
  }
}
