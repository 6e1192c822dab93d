import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCompiler } from '../../src/install/build.js'
import { downloadArguments, downloadWheel, findPip } from '../../src/install/pip.js'
import { lastWords, runTool } from '../../src/install/tool.js'
import { tryTraining } from '../../src/install/verify.js'
import { temporaryFolder } from './wheels.js'

const node = process.execPath
const options = { purpose: 'the tool', deadlineMs: 60_000 }

/** A program that starts a child of its own, writes both numbers to a file and waits. */
const family = (file: string): string =>
  `const { spawn } = require('node:child_process'); const fs = require('node:fs')
   const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
   child.on('spawn', () => { fs.writeFileSync('${file}.part', JSON.stringify([process.pid, child.pid])); fs.renameSync('${file}.part', '${file}') })
   setInterval(() => {}, 1000)`

async function numbersIn(file: string): Promise<number[]> {
  for (;;) {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as number[]
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
      // Ended and not yet collected by whoever is process 1 here.
      if (process.platform === 'linux' && / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'))) return
    } catch {
      return
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe('a program', () => {
  it('ends with its status and what it printed', async () => {
    const code = 'console.log("out"); console.error("err"); process.exit(3)'
    expect(await runTool(node, ['-e', code], options)).toEqual({ status: 3, stdout: 'out\n', stderr: 'err\n' })
    expect(await runTool(node, ['-e', 'process.kill(process.pid, "SIGKILL")'], options)).toMatchObject({ status: -1 })
  })

  it('that is not there is undefined', async () => {
    expect(await runTool('no-such-program-here', [], options)).toBeUndefined()
  })

  it('that prints without end is kept in part', async () => {
    const result = await runTool(node, ['-e', 'process.stdout.write("x".repeat(1e6) + "end")'], options)
    expect(result!.stdout.length).toBeLessThanOrEqual(64 * 1024)
    expect(result!.stdout).toMatch(/end$/)
  })

  it.skipIf(process.platform === 'win32')('is ended with its children when aborted', async () => {
    const file = join(await temporaryFolder(), 'pids')
    const abort = new AbortController()
    const running = runTool(node, ['-e', family(file)], { ...options, signal: abort.signal })
    const pids = await numbersIn(file)
    abort.abort(new Error('stop'))
    await expect(running).rejects.toThrow('stop')
    await Promise.all(pids.map(gone))
  })

  it('is ended at its deadline, with an error that names it', async () => {
    const running = runTool(node, ['-e', 'setInterval(() => {}, 1000)'], { ...options, deadlineMs: 300 })
    await expect(running).rejects.toThrow(/^the tool did not end within 1 min/)
  })

  it('is not started after an abort', async () => {
    await expect(runTool(node, [], { ...options, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    )
  })

  it('has last words: its last error, else its last line, at most 300 characters', () => {
    expect(lastWords({ stdout: 'a\nb\n\n', stderr: '' })).toBe('b')
    expect(lastWords({ stdout: '', stderr: 'ERROR: no network\nnotice: a new pip' })).toBe('ERROR: no network')
    expect(lastWords({ stdout: '', stderr: '' })).toBe('it printed nothing')
    expect(lastWords({ stdout: 'x'.repeat(1000), stderr: '' })).toHaveLength(300)
  })
})

describe('what is missing is named with its remedy:', () => {
  const says = (version: string): [string, ...string[]] => [node, '-e', `console.log("${version}")`, '--']

  it('pip', async () => {
    await expect(findPip(undefined, [['no-such-program-here']])).rejects.toThrow(/no pip .*python3-pip.*--wheel FILE/)
    await expect(findPip(undefined, [says('pip 19.3.1 from x')])).rejects.toThrow(
      /pip 19\.3\.1 is too old.*--wheel FILE/,
    )
    await expect(findPip(undefined, [says('pip 19.3.1 from x'), says('pip 23.2 from y')])).resolves.toMatchObject({
      version: '23.2',
    })
  })

  it('a C++ compiler', async () => {
    await expect(findCompiler(undefined, ['', 'no-such-program-here'])).rejects.toThrow(
      /apt install g\+\+.*gcc-c\+\+.*xcode-select/,
    )
    await expect(findCompiler(undefined, ['no-such-program-here', `${node} --no-warnings`])).resolves.toEqual([
      node,
      '--no-warnings',
    ])
  })
})

describe('a download', () => {
  const target = { platform: 'linux', arch: 'x64', glibc: '2.28', distribution: 'tensorflow-cpu' } as const

  it('asks for wheels that run here and nothing else', () => {
    const args = downloadArguments('tensorflow-cpu==2.21.*', target, 'folder')
    expect(args.slice(0, 3)).toEqual(['download', '--no-deps', '--only-binary=:all:'])
    expect(args.at(-1)).toBe('tensorflow-cpu==2.21.*')
    const platforms = args.filter(arg => arg.startsWith('--platform='))
    expect(platforms[0]).toBe('--platform=manylinux_2_28_x86_64')
    expect(platforms).toContain('--platform=manylinux2014_x86_64')
    expect(platforms.every(arg => arg.endsWith('_x86_64'))).toBe(true)
  })

  it('that fails says why, and what to do without it', async () => {
    const folder = await temporaryFolder()
    const pip = {
      command: [node, '-e', 'console.error("ERROR: no network"); process.exit(1)', '--'],
      version: '23',
    } as const
    await expect(downloadWheel(pip, 'tensorflow-cpu==2.21.*', target, join(folder, 'a'))).rejects.toThrow(
      /cannot download tensorflow-cpu==2\.21\.\* \(ERROR: no network\).*--wheel FILE/,
    )
    const silent = { ...pip, command: [node, '-e', '0', '--'] } as const
    await expect(downloadWheel(silent, 'tensorflow-cpu', target, join(folder, 'b'))).rejects.toThrow(/printed nothing/)
  })
})

describe('the trial', () => {
  const trial = async (code: string): Promise<unknown> => {
    const program = join(await temporaryFolder(), 'trial.cjs')
    await writeFile(program, code)
    return tryTraining('entry.js', undefined, program)
  }

  it('takes a loss that falls', async () => {
    const answer = { tensorflow: '2.21.0', gpu: false, before: 1, after: 0.5 }
    expect(await trial(`console.log('a greeting'); console.log('${JSON.stringify(answer)}')`)).toEqual(answer)
  })

  it.each([
    [
      'a loss that does not fall',
      `console.log('{"tensorflow":"2","gpu":false,"before":1,"after":1}')`,
      /does not learn: a loss of 1 became 1/,
    ],
    [
      'a loss that is no number',
      `console.log('{"tensorflow":"2","gpu":false,"before":1,"after":null}')`,
      /gave no valid answer/,
    ],
    ['a crash', 'process.kill(process.pid, "SIGSEGV")', /does not run here/],
    ['an error', 'throw new Error("undefined symbol: TF_Now")', /undefined symbol: TF_Now.*nothing was installed/],
    ['silence', '', /gave no valid answer/],
  ])('refuses %s', async (_, code, message) => {
    await expect(trial(code)).rejects.toThrow(message)
  })
})
