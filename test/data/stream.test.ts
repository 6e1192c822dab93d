import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadDataset, loadInputs, type ReadProgress } from '../../src/data/index.js'
import { type DataLimits, dataLimits } from '../../src/data/limits.js'
import { bytesOf } from '../../src/data/read/file.js'
import { decodeTable, type Table } from '../../src/data/read/table.js'
import { readTables } from '../../src/data/read/tables.js'
import { fixture, folderWith } from './samples.js'

function decode(pieces: readonly Uint8Array[], limits: DataLimits = dataLimits): Promise<Table> {
  return decodeTable([{ path: 'a.csv', bytes: pieces }], {}, limits)
}

/** Cut after each of these lengths. */
function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let start = 0
  for (const length of lengths) {
    pieces.push(bytes.subarray(start, start + length))
    start += length
  }
  return [...pieces, bytes.subarray(start)]
}

function textOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

const short = { ...dataLimits, lineBytes: 100 }

describe('A table that comes in pieces', () => {
  const rows = Array.from({ length: 60 }, (_, i) => [i, `"über\n${i % 3}"`, `"say ""${i % 2}"""`])
  const texts = {
    commas: `# of spring\n${rows.map(row => row.join(',')).join('\r\n')}`,
    blanks: rows.map(([number]) => `${number}  1.5 "né ${Number(number) % 2}"`).join('\n'),
  }

  it.each(Object.entries(texts))('is the same wherever it is cut: %s', async (_, text) => {
    const bytes = textOf(text)
    const { cells, columns, rows, comments } = await decode([bytes], short)
    const lengths = fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(lengths, async lengths => {
        const read = await decode(cut(bytes, lengths), short)
        expect(read.cells).toEqual(cells)
        expect(read.columns).toEqual(columns)
        expect([read.rows, read.comments]).toEqual([rows, comments])
      }),
    )
  })

  it('leaves others their turn', async () => {
    let reading = true
    const read = decode([textOf('1,2,a\n3,4,b\n'.repeat(50_000))]).finally(() => {
      reading = false
    })
    let turns = 0
    for (; reading; turns++) await setImmediate()
    expect((await read).rows).toBe(100_000)
    expect(turns).toBeGreaterThan(5)
  })

  it('ends at a byte that is no UTF-8, far down too', async () => {
    const lines = textOf('1,2,a\n3,4,b\n'.repeat(20))
    const latin1 = Uint8Array.of(...lines, 0x31, 0x2c, 0x32, 0x2c, 0xfc, 0x0a)
    await expect(decode([lines, latin1], short)).rejects.toThrow('a.csv: is text in another encoding than UTF-8')
    // Begun, and never finished.
    await expect(decode([lines, Uint8Array.of(...lines, 0xc3)], short)).rejects.toThrow('another encoding than UTF-8')
  })
})

describe('A line that is too long', () => {
  it.each([
    ['of commas', [','.repeat(101)], /^a\.csv: has a line that is longer than 100 bytes; is it a table\?$/],
    ['in many pieces', Array.from({ length: 11 }, () => '1,2,3,4,5,'), /has a line that is longer than 100 bytes/],
    [
      'behind others',
      ['1,a\n2,b\n'.repeat(20), '1'.repeat(60), '1'.repeat(60)],
      /has a line after line 40 that is longer than 100 bytes/,
    ],
    ['of blanks', ['1 2\n'.repeat(30), '3 '.repeat(60)], /that is longer than 100 bytes/],
    ['of one quoted cell', [`1,a\n1,"${'b\n'.repeat(60)}"\n`], /^a\.csv:\d+: longer than 100 bytes; is a quote opened/],
  ])('%s is refused', async (_, pieces, message) => {
    await expect(decode(pieces.map(textOf), short)).rejects.toThrow(message)
  })

  it('is refused without reading on', async () => {
    let asked = 0
    function* endless(): Generator<Uint8Array> {
      for (; ; asked++) yield textOf('1,'.repeat(20))
    }
    await expect(decodeTable([{ path: 'a.csv', bytes: endless() }], {}, short)).rejects.toThrow('longer than 100 bytes')
    expect(asked).toBeLessThan(5)
  })

  it('is none where lines end as on old Macs', async () => {
    expect((await decode([textOf('1,a\r2,b\r'.repeat(50))], short)).rows).toBe(100)
  })
})

describe('A compressed table', () => {
  it('is refused before it is split where it grows too far', async () => {
    const folder = await folderWith({ 'a.csv.gz': '1,a\n2,b\n'.repeat(1000) })
    const limits = { ...dataLimits, inflation: 2, inflatedFreely: 5000 }
    const first = bytesOf(`${folder}/a.csv.gz`, limits).next()
    await expect(first).rejects.toThrow(/a\.csv\.gz: grows to more than 5000 bytes when decompressed, from \d+; if/)
    const source = await readTables(`${folder}/a.csv.gz`, {}, { ...limits, inflatedFreely: 8000 })
    expect(source.train.size).toBe(2000)
  })

  it('says what is damaged', async () => {
    const whole = gzipSync('1,a\n2,b\n'.repeat(1000))
    const folder = await folderWith({})
    await writeFile(`${folder}/cut.csv.gz`, whole.subarray(0, 40))
    await writeFile(`${folder}/text.csv.gz`, '1,a\n')
    await expect(readTables(`${folder}/cut.csv.gz`, {})).rejects.toThrow(
      /its compressed data end too early; was it cut/,
    )
    await expect(readTables(`${folder}/text.csv.gz`, {})).rejects.toThrow(/is not valid gzip data; was it damaged/)
    await expect(bytesOf(folder).next()).rejects.toThrow(/is a folder, not a file/)
  })
})

describe('A read that is interrupted', () => {
  it.each(['a.csv', 'a.csv.gz'])('ends at once, and with the reason of the signal: %s', async name => {
    const path = join(await folderWith({ [name]: '1,a\n2,b\n'.repeat(100_000) }), name)
    const interrupt = new AbortController()
    const bytes = bytesOf(path, dataLimits, interrupt)
    expect((await bytes.next()).done).toBe(false)
    interrupt.abort(new Error('enough'))
    await expect(bytes.next()).rejects.toThrow('enough')
    await expect(loadDataset({ set: path }, 1, undefined, interrupt)).rejects.toThrow('enough')
  })

  it.each([
    ['arrays', fixture('npz/deflated.npz')],
    ['images', fixture('images-grey')],
    ['IDX files', fixture('idx')],
  ])('ends at once among %s', async (_, set) => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(loadDataset({ set }, 1, undefined, { signal })).rejects.toThrow('enough')
  })

  it('ends at once for a model that is asked', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    const path = join(await folderWith({ 'a.csv': '1,2\n3,4\n' }), 'a.csv')
    const wanted = { inputShape: [2], pixels: false }
    await expect(loadInputs(path, wanted, {}, undefined, { signal })).rejects.toThrow('enough')
  })
})

describe('How far a reading is', () => {
  const progressOf = async (set: string): Promise<ReadProgress[]> => {
    const told: ReadProgress[] = []
    await loadDataset({ set }, 1, undefined, { onRead: progress => void told.push(progress) })
    return told
  }

  it.each([
    ['a table', 'a.csv'],
    ['a packed table', 'a.csv.gz'],
  ])('is told in bytes of %s', async (_, name) => {
    const path = join(await folderWith({ [name]: '1,a\n2,b\n'.repeat(50_000) }), name)
    const told = await progressOf(path)
    const done = told.map(progress => progress.done)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(told.at(-1)).toEqual({ path, done: (await stat(path)).size, of: (await stat(path)).size })
  })

  it.each([
    ['bytes of arrays', fixture('npz/deflated.npz')],
    ['images', fixture('images-grey')],
  ])('is told in %s', async (_, set) => {
    const told = await progressOf(set)
    expect(told.length).toBeGreaterThan(0)
    expect(told.at(-1)!.done).toBe(told.at(-1)!.of)
  })
})
