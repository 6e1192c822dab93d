import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import { hdf5Reading, readHdf5 } from '../../src/learner/models/hdf5.js'
import { readModelFile } from '../../src/learner/models/model-file.js'
import { modelFileLimits } from '../../src/learner/models/model-json.js'

/*
 * Which kind of model a file is, and what is said of those that are not read. What Keras' own files hold is compared with
 * its predictions in keras.test.ts.
 */

const fixture = (file: string): string =>
  fileURLToPath(new URL(`../fixtures/learner/keras-functional/${file}`, import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearsay-model-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function written(name: string, bytes: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

async function refusal(path: string, limits = modelFileLimits): Promise<string> {
  try {
    await readModelFile(path, limits)
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    expect(error.message).not.toContain('\n')
    expect(error.message.startsWith(`${path}: `)).toBe(true)
    return error.message.slice(path.length + 2)
  }
  return 'read'
}

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))))

describe('a model of another kind is recognised, and the remedy named:', () => {
  const archive = (...names: string[]): Uint8Array => zipSync(Object.fromEntries(names.map(name => [name, bytes('x')])))
  const kinds: [string, Uint8Array, string][] = [
    ['m.safetensors', bytes([16, 0, 0, 0, 0, 0, 0, 0], '{"__metadata__":{}}'), 'is a safetensors file'],
    ['m.tflite', bytes([0x1c, 0, 0, 0], 'TFL3', [0, 0]), 'is a TensorFlow Lite model'],
    ['m.pt', archive('archive/data.pkl', 'archive/data/0'), 'is a PyTorch file'],
    ['old.pth', bytes([0x80, 2, 0x8a, 10]), 'is a pickle'],
    ['saved_model.pb', bytes([8, 1, 0x12, 4, 1]), 'is a SavedModel'],
    ['saved.zip', archive('it/saved_model.pb'), 'is a zipped SavedModel'],
    ['m.onnx', bytes([8, 9, 0x12, 7], 'pytorch'), 'is an ONNX model'],
    ['renamed', bytes([8, 9, 0x12, 7], 'pytorch'), 'is an ONNX model'],
    ['weights.npz', archive('dense/kernel.npy'), 'holds arrays without layers'],
    ['one.npy', bytes([0x93], 'NUMPY', [1, 0]), 'is one array'],
    ['other.zip', archive('readme.txt'), 'is a zip archive without config.json'],
    ['model.json.gz', bytes([0x1f, 0x8b, 8]), 'is a gzip archive'],
    ['noise', bytes([0xff, 0xfe, 0, 1, 2]), 'is not JSON, nor another kind of model'],
    ['empty', bytes(), 'is not JSON, nor another kind of model'],
  ]
  it.each(kinds)('%s', async (name, contents, says) => {
    const said = await refusal(await written(name, contents))
    expect(said).toContain(says)
    expect(said).toContain('model.save("model.keras")')
  })

  it('a folder', async () => {
    await mkdir(join(folder, 'saved'))
    expect(await refusal(join(folder, 'saved'))).toContain('is a folder; name the file in it')
  })
})

describe.each(['model.keras', 'model.h5'])('%s', file => {
  it('is recognised under any name', async () => {
    const path = await written(`renamed-${file}.json`, await readFile(fixture(file)))
    const { topology, weights } = await readModelFile(path)
    expect(topology).toMatchObject({ class_name: 'Functional' })
    expect(weights!.size).toBe(8)
  })

  it('is refused where it is cut off', async () => {
    const whole = await readFile(fixture(file))
    for (const share of [0.01, 0.3, 0.6, 0.95]) {
      const said = await refusal(await written(`cut-${file}`, whole.subarray(0, Math.floor(whole.length * share))))
      expect(said).toMatch(/damaged|cannot be read as HDF5|no layers|without layers|is not JSON|weights of layer/)
    }
  })

  it('is read up to its limits', async () => {
    const path = fixture(file)
    expect(await refusal(path, { ...modelFileLimits, jsonBytes: 100 })).toContain('at most 100 are read')
    expect(await refusal(path, { ...modelFileLimits, weightBytes: 1000 })).toContain('at most 1000 are read')
  })
})

describe('HDF5', () => {
  const read = async (limits: Partial<typeof hdf5Reading>): Promise<unknown> =>
    readHdf5(await readFile(fixture('model.h5')), 'm.h5', { ...hdf5Reading, ...limits })

  it('is read up to a number of objects, a depth and a time', async () => {
    await expect(read({ objects: 10 })).rejects.toThrow('more than 10 groups and datasets')
    await expect(read({ depth: 1 })).rejects.toThrow('more than 1 deep')
    await expect(read({ readMs: 0 })).rejects.toThrow('takes more than 0 s to read')
  })

  it('without layers is not a model', async () => {
    const archived = await readFile(fixture('model.keras'))
    const path = await written('unpacked.h5', archived.subarray(archived.indexOf('\x89HDF', 0, 'latin1')))
    expect(await refusal(path)).toContain('holds weights without layers, as model.save_weights writes them')
  })
})
