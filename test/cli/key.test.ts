import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Terminal } from '../../src/cli/command.js'
import { run as key } from '../../src/cli/key.js'
import { HearsayError } from '../../src/errors.js'
import { parseNetworkKey } from '../../src/gossip/index.js'

async function temporaryFile(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-key-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, name)
}

async function run(action: string, out: string): Promise<string> {
  let stdout = ''
  const terminal = { stdout: { write: (text: string) => (stdout += text) } } as unknown as Terminal
  expect(await key([action], { out }, terminal)).toBe(0)
  return stdout
}

describe('hearsay key new', () => {
  it('writes a key that its owner alone can read, and says by what to know it', async () => {
    const path = await temporaryFile('a.key')
    const stdout = await run('new', path)
    const text = await readFile(path, 'utf8')
    const { fingerprint } = parseNetworkKey(text, path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(stdout).toContain(`fingerprint  ${fingerprint}\n`)
    expect(stdout).not.toContain(text.split('\n')[2])
    expect(stdout).toContain('Give the file to every member')
  })

  it('never writes over a file', async () => {
    const path = await temporaryFile('a.key')
    await writeFile(path, 'mine')
    await expect(run('new', path)).rejects.toThrow(
      new HearsayError('USAGE', 'is there already; choose another name, or remove it if no network uses that key', {
        field: '--out',
        value: path,
      }),
    )
    expect(await readFile(path, 'utf8')).toBe('mine')
  })

  it('says what is wrong with a place, or an action', async () => {
    const path = await temporaryFile('a.key')
    await expect(run('new', join(path, 'b.key'))).rejects.toThrow(/^--out .*: there is no such file or folder/)
    await expect(run('old', path)).rejects.toThrow(
      new HearsayError('USAGE', 'the action must be new', { source: 'key old' }),
    )
  })
})
