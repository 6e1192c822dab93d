import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { whenRefused } from '../system-errors.js'

/**
 * Names the scope in which pids are unique: on Linux one boot and one pid namespace, as containers number their own
 * processes and may share a folder; elsewhere the host.
 */
export async function machineName(): Promise<string> {
  if (process.platform === 'linux') {
    try {
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
      return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`
    } catch (error) {
      // Without /proc the host's name is used.
      whenRefused()(error)
    }
  }
  return hostname()
}

/**
 * When a process began, in the system's units; undefined where the system does not report it. Pid and start time
 * together identify a process: a pid is reused, but never at the same clock tick. A zombie (a process that has ended
 * and whose parent has not reaped it) counts as another one.
 */
export async function startOfProcess(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the name, in brackets, may hold anything; after it come the state as field 3, and the start as field 22.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19]
  } catch (error) {
    // ESRCH: the process ended while its file was read.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    return whenRefused()(error)
  }
}
