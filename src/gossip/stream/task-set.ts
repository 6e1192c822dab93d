import { warnOfBug } from '../bug.js'

/** Tasks that are running, for a service that stops and has to wait for them. */
export interface TaskSet {
  /** Adds a task that its caller awaits. */
  track<T>(task: Promise<T>): Promise<T>
  /** Adds a task that nobody awaits; {@link warnOfBug} sees what it rejects with. */
  detach(task: Promise<unknown>): void
  /** Resolves when the tasks that are in the set by now have ended, well or not. */
  settled(): Promise<void>
}

/** Creates an empty set. */
export function createTaskSet(): TaskSet {
  const tasks = new Set<Promise<unknown>>()
  function track<T>(task: Promise<T>): Promise<T> {
    tasks.add(task)
    const remove = (): void => void tasks.delete(task)
    task.then(remove, remove)
    return task
  }
  return {
    track,
    detach: task => void track(task).catch(warnOfBug),
    async settled() {
      await Promise.allSettled(tasks)
    },
  }
}
