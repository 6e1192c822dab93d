import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { afterEach, describe, expect, it } from 'vitest'
import { loadDataset } from '../../src/data/index.js'
import { dataLimits } from '../../src/data/limits.js'
import { readNpy } from '../../src/data/read/npy.js'
import { readNpz, readNpzInputs } from '../../src/data/read/npz.js'
import { readArrays } from '../../src/data/read/npz-archive.js'
import { fixture, folderWith, onlyHearsayErrors } from './samples.js'

const pixels = Uint8Array.from({ length: 72 }, (_, i) => i % 251)

function npy(header: string, data: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(10 + text.length + data.length)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, text.length & 255, text.length >> 8])
  bytes.set(text, 10)
  bytes.set(data, 10 + text.length)
  return bytes
}

function npyOf(shape: string, data: Uint8Array, descr = '|u1'): Uint8Array {
  return npy(`{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }\n`, data)
}

describe('NPZ as numpy writes it', () => {
  it.each(['stored', 'deflated', 'fortran'])('reads %s MedMNIST keys', async name => {
    const source = await readNpz(fixture(`npz/${name}.npz`))
    expect(source.inputShape).toEqual([4, 3, 1])
    expect(source.train.inputs).toEqual(pixels)
    expect(source.train.labels).toEqual(Int32Array.of(0, 1, 2, 0, 1, 2))
    expect(source.validation?.inputs).toEqual(pixels.subarray(0, 24))
    expect(source.test?.inputs).toEqual(pixels.subarray(24, 48))
    expect(source.test?.labels).toEqual(Int32Array.of(2, 0))
    expect(source.labelTexts).toEqual(['0', '1', '2'])
  })

  it('reads Keras keys with int64 labels', async () => {
    const source = await readNpz(fixture('npz/keras.npz'))
    expect(source.train.labels).toEqual(Int32Array.of(0, 1, 2, 0, 1, 2))
    expect(source.test?.size).toBe(2)
    expect(source.validation).toBeUndefined()
  })

  it('reads a float64 table as float32 and keeps NaN as missing', async () => {
    const source = await readNpz(fixture('npz/table.npz'))
    expect(source.inputShape).toEqual([2])
    expect(source.train.inputs.subarray(0, 6)).toEqual(Float32Array.of(1.5, NaN, -2, 4, 0, 1e-3))
    expect(source.test).toBeUndefined()
  })

  it('reads colour images and leaves arrays it does not need packed', async () => {
    const source = await readNpz(fixture('npz/colour.npz'))
    expect(source.inputShape).toEqual([4, 3, 3])
    expect(source.train.inputs.subarray(0, 6)).toEqual(Uint8Array.of(0, 0, 0, 1, 1, 1))
  })

  it('puts samples on shared memory', async () => {
    const dataset = await loadDataset({ set: fixture('npz/deflated.npz') }, 1)
    expect(dataset.train.inputs.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(dataset.test.labels.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  it.each([
    ['objects', /objects\.npz: x: holds Python objects/],
    ['big-endian', /big-endian\.npz: x: is big-endian \(>f4\).*astype\('<f4'\)/],
  ])('refuses %s', async (name, message) => {
    await expect(readNpz(fixture(`npz/${name}.npz`))).rejects.toThrow(message)
  })
})

describe('NPY errors', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['no magic', new Uint8Array(40), /is not a numpy array/],
    ['unknown version', npy('{}', undefined, 9), /npy version 9; 1 to 3/],
    ['cut header', npyOf('4,', new Uint8Array(4)).subarray(0, 30), /ends inside its header/],
    ['no shape', npy("{'descr': '|u1', 'fortran_order': False}"), /needs descr, fortran_order and shape/],
    ['named fields', npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"), /named fields/],
    ['text', npyOf('4,', new Uint8Array(16), '<U1'), /dtype <U1; numbers of/],
    ['cut data', npyOf('4, 2', new Uint8Array(7)), /needs 8 bytes, but 7 follow; was it cut off/],
    ['too much data', npyOf('4, 2', new Uint8Array(9)), /needs 8 bytes, but 9 follow$/],
    ['a shape beyond memory', npyOf('4000000000, 4000000000', new Uint8Array(9)), /at most 2147483648 are read/],
    ['nine axes', npyOf('1,1,1,1,1,1,1,1,1', new Uint8Array(1)), /at most 8 whole numbers/],
  ]
  it.each(cases)('refuses %s', async (_, bytes, message) => {
    await expect(readNpy([bytes], bytes.length, 'a.npz: x')).rejects.toThrow(message)
  })

  it('refuses more or fewer numbers than the size says', async () => {
    const bytes = npyOf('4, 2', new Uint8Array(8))
    const pieces = [bytes.subarray(0, 7), bytes.subarray(7, 40), bytes.subarray(40)]
    expect((await readNpy(pieces, bytes.length, 'x')).values).toEqual(new Uint8Array(8))
    const longer = readNpy([...pieces, Uint8Array.of(1)], bytes.length, 'x')
    await expect(longer).rejects.toThrow(/^x: is longer than its \d+ bytes$/)
    const cut = readNpy([bytes.subarray(0, -1)], bytes.length, 'x')
    await expect(cut).rejects.toThrow(/^x: ends before its \d+ bytes; was it cut off\?$/)
  })

  it('refuses a header of any length', async () => {
    const bytes = npy(' '.repeat(10_001))
    await expect(readNpy([bytes], bytes.length, 'x')).rejects.toThrow('has a header of 10001 bytes; at most 10000 are')
  })
})

/** All arrays of an archive of these bytes. */
async function arraysIn(bytes: Uint8Array, limits = dataLimits): Promise<unknown> {
  archives ??= await folderWith({})
  await writeFile(`${archives}/a.npz`, bytes)
  return readArrays(`${archives}/a.npz`, names => names, limits)
}

let archives: string | undefined
afterEach(() => {
  archives = undefined
})

describe('NPZ inputs', () => {
  it('are those that were trained on where there are no others', async () => {
    const arrays = {
      'x_train.npy': npyOf('2, 1', Uint8Array.of(3, 4)),
      'y_train.npy': npyOf('2,', Uint8Array.of(1, 0)),
    }
    const folder = await folderWith({ 'a.npz': zipSync(arrays) })
    const { inputs, answers } = await readNpzInputs(`${folder}/a.npz`)
    expect([[...inputs], answers]).toEqual([
      [3, 4],
      ['1', '0'],
    ])
  })
})

describe('NPZ errors', () => {
  const read = async (arrays: Record<string, Uint8Array>, limits = dataLimits): Promise<unknown> => {
    const files = Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes]))
    const folder = await folderWith({ 'a.npz': zipSync(files) })
    return readNpz(`${folder}/a.npz`, limits)
  }
  const images = npyOf('2, 2, 2', new Uint8Array(8))

  it.each([
    ['no known keys', { foo: images }, /has the arrays foo; needs train_images/],
    ['inputs without labels', { x: images, y: npyOf('2,', new Uint8Array(2)), x_train: images }, undefined],
    [
      'half a split',
      { x_train: images, y_train: npyOf('2,', new Uint8Array(2)), x_test: images },
      /has x_test but no y_test/,
    ],
    ['fewer labels', { x: images, y: npyOf('1,', new Uint8Array(1)) }, /x: 2 samples but 1 labels/],
    [
      'labels as one-hot rows',
      { x: images, y: npyOf('2, 3', new Uint8Array(6)) },
      /y: shape \(2, 3\); must be n or n×1/,
    ],
    ['a negative label', { x: images, y: npyOf('2,', Uint8Array.of(0, 255), '|i1') }, /y: sample 1: label -1/],
    ['no samples', { x: npyOf('0, 2, 2', new Uint8Array(0)), y: npyOf('0,', new Uint8Array(0)) }, /holds no samples/],
    ['volumes', { x: npyOf('1, 2, 2, 2, 2', new Uint8Array(16)), y: npyOf('1,', new Uint8Array(1)) }, /images must be/],
    [
      'an infinite number',
      { x: npyOf('1, 1', Uint8Array.of(0, 0, 0x80, 0x7f), '<f4'), y: npyOf('1,', new Uint8Array(1)) },
      /infinite number/,
    ],
    [
      'test images of another size',
      {
        x_train: images,
        y_train: npyOf('2,', new Uint8Array(2)),
        x_test: npyOf('1, 3, 3', new Uint8Array(9)),
        y_test: npyOf('1,', new Uint8Array(1)),
      },
      /x_test: samples are 3×3×1, those for training 2×2×1/,
    ],
  ] as [string, Record<string, Uint8Array>, RegExp | undefined][])('refuses %s', async (_, arrays, message) => {
    if (message === undefined) await expect(read(arrays)).resolves.toBeDefined()
    else await expect(read(arrays)).rejects.toThrow(message)
  })

  it('refuses an archive that grows beyond the limit before decompressing it', async () => {
    const arrays = { x: npyOf('1000, 2, 2', new Uint8Array(4000)), y: npyOf('1000,', new Uint8Array(1000)) }
    await expect(read(arrays, { ...dataLimits, inflatedBytes: 3000 })).rejects.toThrow(/x: grows beyond 3000 bytes/)
    await expect(read(arrays, { ...dataLimits, inflation: 1, inflatedFreely: 1000 })).rejects.toThrow(
      /x: grows to more than \d+ bytes when decompressed, from \d+; if that is right, give it uncompressed/,
    )
  })

  it('refuses an entry whose declared size deflate cannot reach', async () => {
    const bytes = zipSync({ 'x.npy': npyOf('20000,', new Uint8Array(20_000)) })
    const directory = bytes.findLastIndex((_, i) => bytes[i] === 0x50 && bytes[i + 1] === 0x4b && bytes[i + 2] === 1)
    new DataView(bytes.buffer).setUint32(directory + 24, 200_000_000, true)
    await expect(arraysIn(bytes)).rejects.toThrow(/a\.npz: x: its size cannot be true/)
    // Less than there is: no more than that is unpacked.
    new DataView(bytes.buffer).setUint32(directory + 24, 10_000, true)
    await expect(arraysIn(bytes)).rejects.toThrow(/a\.npz: is not a readable/)
  })

  it('refuses a directory that claims 2³² entries without counting them', async () => {
    const bytes = readFileSync(fixture('npz/deflated.npz'))
    const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
    // A ZIP64 locator and record in front of the end, claiming the entries.
    const locator = Buffer.alloc(20)
    locator.writeUInt32LE(0x07064b50)
    locator.writeUInt32LE(end, 8)
    const record = Buffer.alloc(56)
    record.writeUInt32LE(0x06064b50)
    record.writeUInt32LE(0xffffffff, 32)
    record.writeUInt32LE(bytes.readUInt32LE(end + 16), 48)
    const forged = Buffer.concat([bytes.subarray(0, end), record, locator, bytes.subarray(end)])
    await expect(arraysIn(forged)).rejects.toThrow(/has more than 4096 entries/)
  })

  it('refuses every cut of an archive', async () => {
    const bytes = readFileSync(fixture('npz/deflated.npz'))
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(arraysIn(bytes.subarray(0, length))).rejects.toThrow(/a\.npz: is not a readable/)
    }
  })
})

describe('NPY and NPZ decoders on hostile bytes', () => {
  it('throw nothing but HearsayError on random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
        await onlyHearsayErrors(() => arraysIn(bytes))
        await onlyHearsayErrors(() => readNpy([bytes], bytes.length, 'a.npy'))
        const headed = npy(new TextDecoder('latin1').decode(bytes))
        await onlyHearsayErrors(() => readNpy([headed], headed.length, 'a.npy'))
      }),
    )
  })

  it('throw nothing but HearsayError on real files with bytes changed', async () => {
    const files = ['stored', 'deflated'].map(name => readFileSync(fixture(`npz/${name}.npz`)))
    const change = fc.tuple(fc.nat({ max: 10_000 }), fc.integer({ min: 0, max: 255 }))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        async (file, changes) => {
          const bytes = Uint8Array.from(file)
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          await onlyHearsayErrors(() => arraysIn(bytes, { ...dataLimits, inflatedBytes: 1 << 20 }))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('read back any shape and order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (shape, fortran) => {
          const count = shape.reduce((product, length) => product * length, 1)
          // In Fortran order the first axis moves fastest; the value of a cell is its place in C order.
          const data = new Uint8Array(count)
          for (let place = 0; place < count; place++) {
            let [rest, at] = [place, 0]
            for (let axis = shape.length - 1; axis >= 0; axis--) {
              at += (rest % shape[axis]!) * shape.slice(0, axis).reduce((product, length) => product * length, 1)
              rest = Math.floor(rest / shape[axis]!)
            }
            data[fortran ? at : place] = place
          }
          const header = `{'descr': '|u1', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')},)}`
          const bytes = npy(header, data)
          const array = await readNpy([bytes], bytes.length, 'a.npy')
          expect(array.shape).toEqual(shape)
          expect(array.values).toEqual(Uint8Array.from({ length: count }, (_, i) => i))
        },
      ),
    )
  })
})
