import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Freeing a worker's memory takes a moment. */
const stopMs = 5000

const running = new Set()
// Ctrl-C reaches the children too; whoever ends this process alone must not leave them training.
process.once('SIGTERM', () => {
  for (const child of running) child.kill('SIGKILL')
  process.exit(143)
})

/**
 * A process that answers a line of JSON with a line of JSON, after a first line of its own. Ours and PyTorch's are
 * measured alike: each configuration a process of its own, because a native library settles its number of threads once
 * in a process, and a peak of memory is a process's.
 */
export async function startChild(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  running.add(child)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-2000)
  })
  const ended = new Promise(resolve => {
    child.on('error', error => resolve(error))
    child.on('close', code => resolve(new Error(`${command} ${args[0]} ended with code ${code}: ${said.trim()}`)))
  })
  void ended.then(() => running.delete(child))
  // Writing to a process that has ended is told by the answer that does not come.
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { done, value } = await lines.next()
    if (done) throw await ended
    return JSON.parse(value)
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  // It ends when nothing more is asked, and tidies up; one in the middle of its work is not waited for.
  const stop = async () => {
    child.stdin.end()
    const timer = setTimeout(kill, stopMs)
    await ended
    clearTimeout(timer)
  }
  try {
    const hello = await answer()
    return {
      hello,
      /** @returns the answer; nothing when it did not come in time: the process is then ended */
      async ask(request, limitSeconds = 3600) {
        child.stdin.write(`${JSON.stringify(request)}\n`)
        let timer
        const late = new Promise(resolve => {
          timer = setTimeout(resolve, limitSeconds * 1000)
        })
        const asked = answer()
        const reply = await Promise.race([asked, late])
        clearTimeout(timer)
        if (reply === undefined) {
          asked.catch(() => {})
          await kill()
        }
        return reply
      },
      stop,
    }
  } catch (error) {
    await kill()
    throw error
  }
}

/** Says a line and answers those that come, one after another, until the input ends: the other side of a child. */
export async function answerLines(hello, reply) {
  const say = record => process.stdout.write(`${JSON.stringify(record)}\n`)
  say(hello)
  for await (const line of createInterface({ input: process.stdin })) say(await reply(JSON.parse(line)))
}
