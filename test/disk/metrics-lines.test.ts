import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { metricsLimits, metricsLines } from '../../src/disk/index.js'

async function linesOf(text: string | Uint8Array, limits = metricsLimits): Promise<(string | undefined)[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-lines-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'metrics.jsonl')
  await writeFile(path, text)
  const all: (string | undefined)[] = []
  for await (const lines of metricsLines(path, { limits })) all.push(...lines)
  return all
}

it('reads whole lines, and leaves out one that is cut', async () => {
  expect(await linesOf('{"a":1}\n\n{"b":2}\n{"c":')).toEqual(['{"a":1}', '', '{"b":2}'])
  expect(await linesOf('')).toEqual([])
})

it('keeps characters that lie across two blocks', async () => {
  const line = 'ä'.repeat(300_000)
  expect(await linesOf(`x${line}\ny\n`)).toEqual([`x${line}`, 'y'])
})

it('names a line that is too long, and goes on behind it', async () => {
  const limits = { line: 10, bytes: 10_000_000 }
  expect(await linesOf(`${'a'.repeat(10)}\n${'b'.repeat(11)}\nc\n`, limits)).toEqual(['a'.repeat(10), undefined, 'c'])
  expect(await linesOf(`${'b'.repeat(1_000_000)}\nc\n`, limits)).toEqual([undefined, 'c'])
})

it('reads no more of the file than its bound', async () => {
  expect(await linesOf('one\ntwo\nthree\n', { line: 100, bytes: 10 })).toEqual(['one', 'two'])
})

it('says which file it could not read, and ends with its signal', async () => {
  await expect(metricsLines('/nowhere/metrics.jsonl').next()).rejects.toThrow('/nowhere/metrics.jsonl')
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(metricsLines(import.meta.filename, { signal }).next()).rejects.toThrow('stopped')
})

it.skipIf(process.platform === 'win32')('waits for no pipe: it says that it is no file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-lines-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'metrics.jsonl')
  execFileSync('mkfifo', [path])
  await expect(metricsLines(path).next()).rejects.toThrow(`${path}: is not a file`)
  await expect(metricsLines(folder).next()).rejects.toThrow(`${folder}: is a folder`)
})
