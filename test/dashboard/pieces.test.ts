import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Place, pieceBehind } from '../../src/dashboard/pieces.js'

async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-pieces-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'metrics.jsonl'), text)
  return join(folder, 'metrics.jsonl')
}

/** Everything that there is behind a place. */
async function allBehind(path: string, place?: Place): Promise<{ texts: string[]; place: Place | undefined }> {
  const texts: string[] = []
  for (;;) {
    const piece = await pieceBehind(path, place)
    if (piece === undefined) return { texts, place }
    texts.push(piece.text)
    place = piece.place
  }
}

it('a line that is being written comes once it is whole', async () => {
  const path = await fileOf('one\ntwo\nthr')
  const first = await allBehind(path)
  expect(first.texts).toEqual(['one\ntwo'])
  await appendFile(path, 'ee\nfo')
  expect((await allBehind(path, first.place)).texts).toEqual(['three'])
})

it('pieces are bounded, and together are the file', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} äöü`)
  const { texts } = await allBehind(await fileOf(`${lines.join('\n')}\n`))
  expect(texts.length).toBeGreaterThan(2)
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(128 * 1024)
  expect(texts.join('\n').split('\n')).toEqual(lines)
})

it('a file in the place of another is read from its beginning, and so is one that was cut', async () => {
  const path = await fileOf('one\ntwo\n')
  const { place } = await allBehind(path)
  await writeFile(`${path}.new`, 'three\nfour\nfive\n')
  await rename(`${path}.new`, path)
  expect(await pieceBehind(path, place)).toMatchObject({ text: 'three\nfour\nfive', isFirst: true })
  expect(await pieceBehind(path, { file: 'other', offset: 1 })).toMatchObject({ isFirst: true })
  const known = await allBehind(path)
  await writeFile(path, 'one\n')
  expect(await pieceBehind(path, known.place)).toMatchObject({ text: 'one', isFirst: true })
})

it('a line of any length is passed in bounded memory, and no more of the file than its bound', async () => {
  const path = await fileOf(`${'x'.repeat(600_000)}\nlast\n`)
  const limits = { line: 200_000, bytes: 1_000_000 }
  const long = await pieceBehind(path, undefined, limits)
  expect(long).toMatchObject({ text: '?', place: { offset: 262_144 } })
  expect(await pieceBehind(path, undefined, { line: 100, bytes: 50 })).toBeUndefined()
})

it('a file that is not there yet has no lines', async () => {
  expect(await pieceBehind('/nowhere/metrics.jsonl', undefined)).toBeUndefined()
})

it.skipIf(process.platform === 'win32')('a pipe has no lines, and nobody waits for its writer', async () => {
  const path = await fileOf('')
  await rm(path)
  execFileSync('mkfifo', [path])
  expect(await pieceBehind(path, undefined)).toBeUndefined()
})
