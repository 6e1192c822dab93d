import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const meter = here('meter.cjs')

/** The command that users have. */
export const main = here('../../dist/cli/main.js')

/**
 * Runs a process of Node to its end.
 *
 * @returns what it took from its start on: its time, and what meter.cjs says
 */
export async function measured(args) {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--require', meter, ...args], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const [said, of, [code]] = await Promise.all([text(child.stderr), text(child.stdio[3]), once(child, 'close')])
  // One that was killed says nothing.
  return { ms: performance.now() - startedAt, code, said, ...(of !== '' && JSON.parse(of)) }
}
