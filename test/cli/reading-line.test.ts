import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Terminal } from '../../src/cli/command.js'
import { run as data } from '../../src/cli/data.js'
import { tellReading } from '../../src/cli/reading-line.js'
import { run as start } from '../../src/cli/start.js'

function screen(isTTY: boolean, columns = 40) {
  const written: string[] = []
  return { written, stderr: { isTTY, columns, write: (text: string) => written.push(text) > 0 } }
}

describe('The line of a long reading', () => {
  /** Pieces of a file, a tenth of a second apart. */
  async function read(pieces: number, isTTY: boolean, path = 'a.csv'): Promise<string[]> {
    const { written, stderr } = screen(isTTY)
    let clock = 0
    const result = await tellReading(
      stderr,
      async onRead => {
        for (let done = 1; done <= pieces; done++) {
          clock += 100
          onRead?.({ path, done, of: 20 })
        }
        return 'read'
      },
      () => clock,
    )
    expect(result).toBe('read')
    return written
  }

  it('is there after a second, and gone at the end', async () => {
    expect(await read(9, true)).toEqual([])
    const written = await read(12, true)
    expect(written.slice(0, 2)).toEqual(['\r\u001b[2Kreading a.csv 50 %', '\r\u001b[2Kreading a.csv 55 %'])
    expect(written.at(-1)).toBe('\r\u001b[2K')
  })

  it('is not written into files', async () => expect(await read(20, false)).toEqual([]))

  it('never wraps, and holds nothing that a terminal obeys', async () => {
    const [line] = await read(10, true, `/data/\u001b]0;x\u0007${'long/'.repeat(50)}a.csv`)
    expect(line!.replace('\r\u001b[2K', '')).toMatch(/^reading \/data\/.*a\.csv 50 %$/)
    expect(line!.length).toBeLessThan(40 + 5)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(line!.slice(5)).not.toMatch(/[\u0000-\u001f]/)
  })

  it('is gone when the reading fails', async () => {
    const { written, stderr } = screen(true)
    let clock = 0
    const failing = tellReading(
      stderr,
      async onRead => {
        clock = 1000
        onRead?.({ path: 'a.csv', done: 1, of: 2 })
        throw new Error('damaged')
      },
      () => clock,
    )
    await expect(failing).rejects.toThrow('damaged')
    expect(written).toEqual(['\r\u001b[2Kreading a.csv 50 %', '\r\u001b[2K'])
  })
})

describe('Ctrl-C', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearsay-reading-'))
    await writeFile(join(folder, 'a.csv'), `x,y\n${'1,no\n2,yes\n'.repeat(20)}`)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const terminal = (): Terminal =>
    ({
      ...screen(false),
      stdout: process.stdout,
      signal: AbortSignal.abort(new Error('enough')),
    }) as unknown as Terminal

  it('while data are read ends data --schema', async () => {
    await expect(data([[join(folder, 'a.csv')]], { schema: true } as never, terminal())).rejects.toThrow('enough')
  })

  it('while data are read ends start, which leaves no folder', async () => {
    await writeFile(join(folder, 'run.yaml'), `data: ${join(folder, 'a.csv')}\n`)
    const out = join(folder, 'out')
    await expect(start([join(folder, 'run.yaml')], { out } as never, terminal())).rejects.toThrow('enough')
    expect(await readdir(folder)).not.toContain('out')
  })
})
