import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { mean } from 'd3-array'

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
/** Threads of workers load it too. */
const collect = new URL('collect.js', import.meta.url).href

/** Ctrl-C saves the state first. */
const stopMs = 30_000

/** The processes of a soak, each the command as a user runs it. One that ends before its time is an error. */
export function startGroup() {
  const running = []
  const early = new AbortController()
  let isOver = false

  return {
    get pids() {
      return running.map(({ child }) => child.pid)
    },
    /** What their main threads' objects take, in the mean. */
    get heapMB() {
      return mean(running, ({ heapMB }) => heapMB)
    },
    get size() {
      return running.length
    },
    /** Starts one. @returns the first match of `pattern` in a line that it prints; at once when there is no pattern */
    async start(args, pattern) {
      const child = spawn(process.execPath, [command, ...args], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${collect}` },
      })
      const one = { child, heapMB: 0 }
      child.on('message', ({ heapMB }) => {
        one.heapMB = heapMB
      })
      let said = ''
      child.stderr.setEncoding('utf8').on('data', text => {
        said = (said + text).slice(-2000)
      })
      const ended = once(child, 'close').then(([code]) => {
        if (!isOver) early.abort(new Error(`hearsay ${args[0]} ended with code ${code}: ${said.trim()}`))
      })
      running.push(Object.assign(one, { ended }))
      const lines = createInterface({ input: child.stdout })
      if (pattern === undefined) {
        lines.on('line', () => {})
        return undefined
      }
      return await new Promise((resolve, reject) => {
        lines.on('line', line => {
          const match = pattern.exec(line)
          if (match !== null) resolve(match)
        })
        early.signal.addEventListener('abort', () => reject(early.signal.reason))
      })
    },
    /** Waits. @throws when a process ends meanwhile */
    async elapse(ms, signal) {
      try {
        await setTimeout(ms, undefined, { signal: AbortSignal.any([signal, early.signal]) })
      } catch (error) {
        early.signal.throwIfAborted()
        if (!signal.aborted) throw error
      }
    },
    async stop() {
      isOver = true
      for (const { child } of running) child.kill('SIGINT')
      const killed = new AbortController()
      const late = setTimeout(stopMs, undefined, { signal: killed.signal }).then(
        () => running.forEach(({ child }) => void child.kill('SIGKILL')),
        () => {},
      )
      await Promise.all(running.map(({ ended }) => ended))
      killed.abort()
      await late
    },
  }
}
