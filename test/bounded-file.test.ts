import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NotRead, readBounded, whyNotRead } from '../src/bounded-file.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearsay-bounded-'))
  await writeFile(join(folder, 'ten'), '0123456789')
})
afterAll(() => rm(folder, { recursive: true }))

const why = async (path: string, most: number): Promise<string> => {
  const error: unknown = await readBounded(path, most).catch(error => error)
  expect(error).toBeInstanceOf(Error)
  return whyNotRead(error)
}

describe('a file of bounded size', () => {
  it('is read up to the limit, and not above it', async () => {
    expect((await readBounded(join(folder, 'ten'), 10)).toString()).toBe('0123456789')
    await expect(readBounded(join(folder, 'ten'), 9)).rejects.toThrow(NotRead)
    expect(await why(join(folder, 'ten'), 9)).toBe('has 10 bytes; at most 9 are read')
  })

  it('costs no memory for what it claims', async () => {
    // Of a file with a hole in it the disk has nothing.
    await writeFile(join(folder, 'hole'), '')
    await truncate(join(folder, 'hole'), 2 ** 40)
    expect(await why(join(folder, 'hole'), 1000)).toMatch(/has 1099511627776 bytes/)
  })

  it('is none where a folder stands, or nothing', async () => {
    expect(await why(folder, 10)).toBe('is a folder, not a file')
    expect(await why(join(folder, 'none'), 10)).toBe('there is no such file or folder')
  })

  it.skipIf(process.platform === 'win32')('is no pipe, on which a reader waits, unless that is meant', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(await why(pipe, 10)).toBe('is not a file')
    const throughPipe = async (most: number): Promise<string> => {
      const [read] = await Promise.all([readBounded(pipe, most, { pipes: true }), writeFile(pipe, '0123456789')])
      return read.toString()
    }
    expect(await throughPipe(10)).toBe('0123456789')
    await expect(throughPipe(9)).rejects.toThrow('has more than 9 bytes; no more are read')
  })
})
