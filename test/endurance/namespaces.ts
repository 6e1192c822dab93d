import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const program = fileURLToPath(new URL('./switch.py', import.meta.url))

/** What happens to everything that one machine sends another. */
export interface Impairment {
  readonly delayMs: number
  /** The delay is so much more or less. */
  readonly jitterMs: number
  /** Share of packets that never come, 0 … 1. */
  readonly loss: number
}

/** A small network of its own: machines on one switch, which can be cut in two. */
export interface Network {
  /** What to put before a command so that it runs on this machine, from 0. */
  on(machine: number): readonly string[]
  /** The machine's address. */
  address(machine: number): string
  /** From now on these machines reach each other only, and the rest each other only. */
  part(machines: readonly number[]): void
  heal(): void
  close(): Promise<void>
}

/** Why networks cannot be made here; nothing where they can. */
export function whyNoNetworks(): string | undefined {
  const name = `hs${process.pid}try`
  const ip = (...args: string[]): unknown => execFileSync('ip', args, { stdio: 'pipe' })
  try {
    ip('netns', 'add', name)
    ip('netns', 'delete', name)
    ip('tuntap', 'add', name, 'mode', 'tap')
    ip('tuntap', 'delete', name, 'mode', 'tap')
    execFileSync('python3', ['--version'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `needs root, network namespaces, tap devices and python3: ${(error as Error).message.trim().split('\n').at(-1)}`
  }
}

let networks = 0

/** Makes machines in namespaces, on a switch of our own (switch.py). */
export async function createNetwork(machines: number, { delayMs, jitterMs, loss }: Impairment): Promise<Network> {
  const all = Array.from({ length: machines }, (_, machine) => machine)
  const prefix = `hs${process.pid}-${networks++}`
  const name = (machine: number): string => `${prefix}-${machine}`
  const child = spawn('python3', [program, ...[delayMs, jitterMs, loss].map(String), ...all.map(name)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const close = async (): Promise<void> => {
    child.stdin.end()
    for (const machine of all) await run('ip', ['netns', 'delete', name(machine)]).catch(() => {})
  }
  try {
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the switch ended'))),
    ])
    for (const machine of all) {
      const device = name(machine)
      await run('ip', ['netns', 'add', device])
      await run('ip', ['link', 'set', device, 'netns', device])
      await run('ip', ['-n', device, 'address', 'add', `10.99.0.${machine + 1}/24`, 'dev', device])
      for (const one of ['lo', device]) await run('ip', ['-n', device, 'link', 'set', one, 'up'])
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    on: machine => ['ip', 'netns', 'exec', name(machine)],
    address: machine => `10.99.0.${machine + 1}`,
    part: these => void child.stdin.write(`part ${these.join(' ')}\n`),
    heal: () => void child.stdin.write('heal\n'),
    close,
  }
}
