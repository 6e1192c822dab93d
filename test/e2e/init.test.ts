import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { init } from '../../src/cli/commands/init.js'
import { parseManifest, readManifestFile } from '../../src/node/index.js'
import { hearsay, root, temporaryFolder } from './hearsay.js'

const readBack = async (path: string): Promise<unknown> => parseManifest(await readManifestFile(path))

describe('hearsay init from flags', () => {
  it.each(init.examples.filter(example => example.includes('--yes')))('%s', async example => {
    const cwd = await temporaryFolder()
    const { status, stdout, stderr } = await hearsay(example.split(' ').slice(1), cwd)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const [file, ...rest] = await readdir(cwd)
    expect(rest).toEqual([])
    expect(stdout).toContain(`npx hearsay simulate ${file}`)
    expect(await readBack(join(cwd, file!))).toMatchObject({ minPeers: example.includes('--min-peers 3') ? 3 : 2 })
  })

  it('writes a file that a simulation runs', async () => {
    const cwd = await temporaryFolder()
    const flags = '--yes --data digits --model logistic --partition iid --peers 2 --rounds 1'.split(' ')
    expect(await hearsay(['init', ...flags], cwd)).toMatchObject({ status: 0 })
    const simulated = await hearsay(
      ['simulate', 'run.yaml', '--no-baselines', '--workers', '1', '--backend', 'wasm', '--json'],
      cwd,
    )
    expect(simulated).toMatchObject({ status: 0 })
    await hearsay(['init', ...flags, '--out', 'again.yaml'], cwd)
    expect(await readFile(join(cwd, 'again.yaml'), 'utf8')).toBe(await readFile(join(cwd, 'run.yaml'), 'utf8'))
  })

  it('is answered in one line where there is no terminal to ask on', async () => {
    const cwd = await temporaryFolder()
    const { status, stdout, stderr } = await hearsay(['init'], cwd)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: .+\n$/)
    expect(stderr).toContain('init asks its questions on a terminal, and this is none; add --yes')
    expect(await readdir(cwd)).toEqual([])
  })
})

/** Why there are no questions to test here; undefined where there are. */
function withoutTerminal(): string | undefined {
  try {
    const version = execFileSync('script', ['--version'], { encoding: 'utf8' })
    return version.includes('util-linux') ? undefined : 'script is not that of util-linux'
  } catch {
    return 'there is no script of util-linux here to make a terminal with'
  }
}

interface Asked {
  readonly child: ChildProcessWithoutNullStreams
  /** Types the keys once the terminal has shown the pattern since the last answer. */
  answer(pattern: RegExp, keys: string): Promise<void>
  readonly ended: Promise<{ status: number | null; shown: string }>
}

/** Starts the command on a terminal of its own. */
function onTerminal(args: string, cwd: string): Asked {
  const command = `stty cols 120 rows 40; exec ${process.execPath} ${join(root, 'dist', 'cli', 'main.js')} ${args}`
  const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd, env: { ...process.env, NO_COLOR: '1' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let shown = ''
  let seen = 0
  const listeners = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += stripVTControlCharacters(text)
    for (const listener of listeners) listener()
  })
  const ended = new Promise<{ status: number | null; shown: string }>(resolve => {
    child.on('close', status => resolve({ status, shown }))
  })
  return {
    child,
    ended,
    answer: (pattern, keys) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const at = shown.slice(seen).search(pattern)
          if (at < 0) return
          listeners.delete(check)
          seen = shown.length
          child.stdin.write(keys)
          resolve()
        }
        listeners.add(check)
        check()
        ended.then(({ shown: all }) => reject(new Error(`ended without asking ${pattern}:\n${all}`)), reject)
      }),
  }
}

const reason = withoutTerminal()
if (reason !== undefined) console.log(`The questions of hearsay init are not tested: ${reason}.`)

describe.skipIf(reason !== undefined)('hearsay init on a terminal', () => {
  it('asks for what no flag says, and writes what was answered', async () => {
    const cwd = await temporaryFolder()
    const asked = onTerminal('init --topology full --merge dfedavg', cwd)
    await asked.answer(/What is learned from/, '\u001b[B\u001b[B\r')
    await asked.answer(/Which model/, '\r')
    await asked.answer(/hand to each other/, '\r')
    await asked.answer(/How many rounds/, '7\r')
    await asked.answer(/must be there before the run begins/, '3\r')
    await asked.answer(/Where is it written/, 'own.yaml\r')
    const { status, shown } = await asked.ended
    expect({ status, shown }).toEqual({ status: 0, shown: expect.stringContaining('npx hearsay simulate own.yaml') })
    expect(await readBack(join(cwd, 'own.yaml'))).toEqual(
      parseManifest({ data: 'digits', topology: 'full', merge: 'dfedavg', rounds: 7, minPeers: 3 }),
    )
  })

  it('ends with 130 at Ctrl-C, and writes nothing', async () => {
    const cwd = await temporaryFolder()
    const asked = onTerminal('init', cwd)
    await asked.answer(/What is learned from/, '\r')
    await asked.answer(/Which model/, '\u0003')
    const { status, shown } = await asked.ended
    expect({ status, shown }).toEqual({ status: 130, shown: expect.stringContaining('nothing was written') })
    expect(shown).not.toContain('    at ')
    expect(await readdir(cwd)).toEqual([])
  })
})
