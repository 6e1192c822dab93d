import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startHearsay, temporaryFolder, tiny } from './hearsay.js'

/*
 * One mistake of each kind, and all that are found when threads or sockets are there, which must not hold the process.
 * The others, which a command finds before it starts anything, are made in test/cli/mistakes.test.ts.
 */

interface Mistake {
  readonly args: readonly string[]
  /** What the one line must name. */
  readonly says: readonly (string | RegExp)[]
}

/** A file with this content in a folder of its own. */
async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

const mistakes: Readonly<Record<string, () => Promise<Mistake> | Mistake>> = {
  'an unknown field in the manifest': async () => {
    const path = await fileOf('run.yaml', 'seed: 1\ntopolgy: ring\n')
    return { args: [path], says: [`${path}:2:10: `, '"topolgy"'] }
  },
  'a manifest that is not there': () => ({ args: ['nowhere.yaml'], says: ['nowhere.yaml: there is no such file'] }),
  'a number that is none': () => ({ args: [...tiny, '--rounds', 'many'], says: ['--rounds', 'many'] }),
  'a layer that is not there': () => ({ args: [...tiny, '--share', 'top'], says: ['"top"', 'output'] }),
  'a port in use': async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    return { args: [...tiny, '--port', `${port}`], says: [`/tcp/${port}`, 'in use'] }
  },
  'ports beyond the last': () => ({
    args: [...tiny, '--port', '65535', '--peers', '3'],
    says: ['--port 65535', '3 peers'],
  }),
  'an unknown flag': () => ({ args: ['--pears', '3'], says: ['--pears', '--peers'] }),
  'a flag without its value': () => ({ args: ['--model'], says: ['--model'] }),
  'an unknown backend': () => ({ args: [...tiny, '--backend', 'tpu'], says: ['--backend', 'tpu', 'wasm'] }),
  'a backend that is not installed': () => ({
    args: [...tiny, '--backend', 'node-gpu'],
    says: ['node-gpu', '--backend'],
  }),
}

describe('hearsay simulate answers in one line to', () => {
  it.each(Object.entries(mistakes))('%s', async (_, mistake) => {
    const { args, says } = await mistake()
    // A working directory of its own: what goes wrong must not leave a run folder behind.
    const cwd = await temporaryFolder()
    const { status, stdout, stderr } = await startHearsay(['simulate', ...args], cwd).ended
    expect({ status, stdout, lines: stderr.split('\n').length, stderr }).toEqual({
      status: 2,
      stdout: '',
      lines: 2,
      stderr: expect.stringMatching(/^error: .+\n$/),
    })
    expect(stderr).not.toContain('    at ')
    for (const what of says) expect(stderr).toMatch(what)
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('hearsay answers in one line to', () => {
  it.each([
    [['simulat'], 'simulate'],
    [['topology'], "'graph'; see hearsay topology --help"],
    [['--nothing'], 'see hearsay --help'],
  ])('%j', async (args, names) => {
    const { status, stdout, stderr } = await startHearsay(args).ended
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: .+\n$/)
    expect(stderr).toContain(names)
  })
})
