import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Runs jobs in processes of their own, as many at a time as are asked for: of small simulations a second worker has nothing
 * to do, and the network thread is the busy one.
 *
 * @param {string} program - file beside this one; it answers each message with `{ figures }` or `{ error }`
 * @param {Iterable<object>} jobs - each is sent as it is; asked for the next one when a process has nothing to do
 * @param {number} processes
 * @param {(job: object, figures: object) => void} done
 */
export async function sideBySide(program, jobs, processes, done) {
  const waiting = jobs[Symbol.iterator]()
  const children = Array.from({ length: processes }, () => {
    return fork(fileURLToPath(new URL(program, import.meta.url)))
  })
  try {
    await Promise.all(
      children.map(async child => {
        for (let next = waiting.next(); !next.done; next = waiting.next()) {
          const job = next.value
          done(job, await answerOf(child, job))
        }
      }),
    )
  } finally {
    for (const child of children) child.kill()
  }
}

function answerOf(child, job) {
  return new Promise((resolve, reject) => {
    const settle = work => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      work()
    }
    const onMessage = ({ figures, error }) =>
      settle(() => (error === undefined ? resolve(figures) : reject(new Error(error))))
    const onExit = code => settle(() => reject(new Error(`a simulation's process ended with ${code}`)))
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.send(job)
  })
}
