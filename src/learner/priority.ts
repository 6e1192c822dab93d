import { constants, getPriority, setPriority } from 'node:os'

/**
 * Lets every thread of this process that is ready go before this one, and before those that it starts: the network
 * thread has little to do and must do it soon, while training takes whatever cores there are. Without, with a worker on
 * each core, the network thread waited for half of its long delays until a step gave it one. Only on Linux: elsewhere a
 * priority is that of the whole process.
 *
 * @param set - node:os' own
 */
export function giveWay(set: typeof setPriority = setPriority): void {
  if (process.platform !== 'linux') return
  const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority
  try {
    // Added to that of the process, which may have been started with a low one: to raise it is not allowed.
    set(Math.min(PRIORITY_LOW, getPriority() + PRIORITY_BELOW_NORMAL))
  } catch (error) {
    // A system that lets nobody change priorities, as a sandbox may, can train all the same.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
  }
}
