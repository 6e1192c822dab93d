import { readFileSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { loadDataset } from '../../src/data/index.js'
import { dataLimits } from '../../src/data/limits.js'
import { decodeCifar } from '../../src/data/read/cifar.js'
import { readBytes } from '../../src/data/read/file.js'
import { decodeIdx } from '../../src/data/read/idx.js'
import { fixture, folderWith, onlyHearsayErrors } from './samples.js'

function idx(shape: number[], values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length)
  bytes.set([0, 0, 8, shape.length])
  for (const [axis, length] of shape.entries()) new DataView(bytes.buffer).setUint32(4 + 4 * axis, length)
  bytes.set(Array.from(values), 4 + 4 * shape.length)
  return bytes
}

describe('IDX', () => {
  it('reads a folder, gzipped or not, with its test split', async () => {
    const dataset = await loadDataset({ set: fixture('idx') }, 1)
    expect(dataset.inputShape).toEqual([4, 3, 1])
    expect(dataset.classes).toEqual(['0', '1', '2'])
    expect(dataset.train.inputs).toEqual(new Uint8Array(dataset.train.inputs.length).map((_, i) => i % 251))
    expect(dataset.train.labels).toEqual(Int32Array.of(0, 1, 2, 0, 1, 2))
    expect(dataset.test.size).toBe(2)
  })

  it('tells which files of the folder were not read, but for the same ones unpacked', async () => {
    const folder = await folderWith({ 'emnist-images-idx3-ubyte': '', 'readme.txt': '' })
    await cp(fixture('idx'), folder, { recursive: true })
    const packed = readFileSync(join(fixture('idx'), 'train-labels-idx1-ubyte.gz'))
    await writeFile(join(folder, 'train-labels-idx1-ubyte'), gunzipSync(packed))
    const { notes } = await loadDataset({ set: folder }, 1)
    expect(notes).toHaveLength(1)
    expect(notes![0]).toMatch(
      /^2 of 6 files passed over \(1 \.txt, 1 without an ending\); read are train-images-idx3-ubyte, train-labels/,
    )
  })

  it('reads a single pair and holds back a test share', async () => {
    const dataset = await loadDataset({ set: fixture('idx/train-images-idx3-ubyte.gz'), testShare: 0.5 }, 1)
    expect([dataset.train.size, dataset.test.size]).toEqual([3, 3])
  })

  it.each([
    ['an empty file', new Uint8Array(0), /too short/],
    ['a wrong magic', Uint8Array.of(1, 0, 8, 3), /does not start with two zero bytes/],
    ['floats', Uint8Array.of(0, 0, 0x0d, 3), /type 0xd; only unsigned bytes/],
    ['labels for images', idx([2], [0, 1]), /has 1 dimensions; 3 expected/],
    ['a cut header', idx([2, 2, 2], []).subarray(0, 9), /ends inside its header/],
    ['cut pixels', idx([2, 2, 2], [1, 2, 3]), /2×2×2 needs 8 bytes, but 3 follow; was it cut off/],
    ['a huge claim', idx([0xffffffff, 0xffffffff, 0xffffffff], [1]), /but 1 follow/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeIdx(bytes, 'a-idx3-ubyte', 3)).toThrow(message)
  })

  it('refuses a pair whose counts differ, and images without labels', async () => {
    const images = idx([2, 1, 1], [1, 2])
    const pair = await folderWith({ 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': idx([1], [0]) })
    await expect(loadDataset({ set: pair }, 1)).rejects.toThrow(/2 samples but 1 labels/)
    const alone = await folderWith({ 'train-images-idx3-ubyte': images })
    await expect(loadDataset({ set: alone }, 1)).rejects.toThrow(/needs train-labels-idx1-ubyte\[\.gz\] beside it/)
    const test = await folderWith({ 't10k-images-idx3-ubyte': images })
    await expect(loadDataset({ set: test }, 1)).rejects.toThrow(/no train-images-idx3-ubyte/)
  })

  it('decodes hostile bytes to a HearsayError or to what is there', async () => {
    const dimensionsOf = fc.constantFrom(1 as const, 3 as const)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), dimensionsOf, async (bytes, dimensions) => {
        await onlyHearsayErrors(() => decodeIdx(bytes, 'a', dimensions))
        await onlyHearsayErrors(() => decodeIdx(Uint8Array.of(0, 0, 8, dimensions, ...bytes), 'a', dimensions))
      }),
    )
  })
})

describe('compressed files', () => {
  it('says that a gzip file is cut off, damaged, or grows too far', async () => {
    const whole = readFileSync(fixture('idx/train-images-idx3-ubyte.gz'))
    const folder = await folderWith({ a: '' })
    const path = join(folder, 'x.gz')
    await writeFile(path, whole.subarray(0, whole.length - 20))
    await expect(readBytes(path)).rejects.toThrow(/x\.gz: its compressed data end too early; was it cut off/)
    await writeFile(path, gunzipSync(whole))
    await expect(readBytes(path)).rejects.toThrow(/x\.gz: is not valid gzip data/)
    await writeFile(path, whole)
    await expect(readBytes(path, { ...dataLimits, inflatedBytes: 10 })).rejects.toThrow(/grows beyond 10 bytes/)
    const ratio = { ...dataLimits, inflation: 20, inflatedFreely: 5000 }
    await writeFile(path, gzipSync(new Uint8Array(5001)))
    await expect(readBytes(path, ratio)).rejects.toThrow(
      /grows to more than 5000 bytes when decompressed, from \d+; if that/,
    )
    await writeFile(path, gzipSync(new Uint8Array(5000)))
    expect(await readBytes(path, ratio)).toHaveLength(5000)
    await expect(readBytes(path, { ...dataLimits, fileBytes: 10 })).rejects.toThrow(/bytes; at most 10 are read/)
  })

  it('are read whole onto shared memory, also in several members, whose last tells its own length alone', async () => {
    const parts = [300_000, 0, 70_000, 5].map((length, i) => new Uint8Array(length).fill(i + 1))
    const path = join(await folderWith({ a: '' }), 'x.gz')
    await writeFile(path, Buffer.concat(parts.map(part => gzipSync(part))))
    const read = await readBytes(path)
    expect(Buffer.compare(read, Buffer.concat(parts))).toBe(0)
    expect(read.buffer).toBeInstanceOf(SharedArrayBuffer)
    await writeFile(path, '')
    await expect(readBytes(path)).rejects.toThrow(/its compressed data end too early/)
  })

  it('are damaged where they lie about their length', async () => {
    const path = join(await folderWith({ a: '' }), 'x.gz')
    const packed = gzipSync(new Uint8Array(1000))
    for (const length of [0, 999, 1001, 0xffffffff]) {
      packed.writeUInt32LE(length, packed.length - 4)
      await writeFile(path, packed)
      await expect(readBytes(path)).rejects.toThrow(/is not valid gzip data/)
    }
  })

  it('end with the reason of the signal, also in their midst', async () => {
    const path = join(await folderWith({ a: '' }), 'x.gz')
    await writeFile(path, gzipSync(new Uint8Array(50_000_000)))
    const reason = new Error('no longer wanted')
    const ending = new AbortController()
    const looks = vi.spyOn(ending.signal, 'throwIfAborted')
    const reading = readBytes(path, dataLimits, { signal: ending.signal })
    await vi.waitUntil(() => looks.mock.calls.length > 10)
    ending.abort(reason)
    await expect(reading).rejects.toBe(reason)
    // A whole file has 763 pieces.
    expect(looks.mock.calls.length).toBeLessThan(700)
  })
})

describe('CIFAR-10 binary', () => {
  it('reads batches in order, interleaves the colours and knows the class names', async () => {
    const dataset = await loadDataset({ set: fixture('cifar') }, 1)
    expect(dataset.inputShape).toEqual([32, 32, 3])
    expect(dataset.classes[9]).toBe('truck')
    expect(dataset.train.labels).toEqual(Int32Array.of(0, 9, 4, 0))
    expect(dataset.test.labels).toEqual(Int32Array.of(7))
    // Red holds the label, green the row, blue the column.
    const second = 3072
    expect(dataset.train.inputs.subarray(second, second + 6)).toEqual(Uint8Array.of(9, 0, 0, 9, 0, 1))
    const lowerRight = second + 3071 - 2
    expect(dataset.train.inputs.subarray(lowerRight, lowerRight + 3)).toEqual(Uint8Array.of(9, 31, 31))
  })

  it('tells which files of the folder were not read', async () => {
    const folder = await folderWith({ 'readme.html': '', 'data_batch_1.txt': '' })
    await cp(fixture('cifar'), folder, { recursive: true })
    const { notes } = await loadDataset({ set: folder }, 1)
    expect(notes![0]).toMatch(/^2 of \d files passed over \(1 \.html, 1 \.txt\); read are data_batch_\*\.bin/)
  })

  it('refuses cut batches and labels above 9', async () => {
    const folder = await folderWith({ 'data_batch_1.bin': new Uint8Array(3072) })
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/has 3072 bytes, no multiple of 3073/)
    const wrong = new Uint8Array(2 * 3073)
    wrong[3073] = 10
    expect(() => decodeCifar(wrong, 'data_batch_1.bin', new Uint8Array(6144), new Int32Array(2), 0)).toThrow(
      /data_batch_1\.bin: record 1: label 10; must be 0 to 9/,
    )
  })
})
