import { type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import * as z from 'zod'
import { readBounded, whyNotRead } from '../../bounded-file.js'
import { HearsayError } from '../../errors.js'

/** What is read of a model at most. */
export interface ModelFileLimits {
  readonly jsonBytes: number
  /** All weight files together. */
  readonly weightBytes: number
}

export const modelFileLimits: ModelFileLimits = { jsonBytes: 16 << 20, weightBytes: 2 ** 30 }

const manifestSchema = z
  .array(
    z.looseObject({
      paths: z.array(z.string().min(1).max(1000)).max(10_000),
      weights: z
        .array(
          z.looseObject({
            name: z.string().max(1000),
            shape: z.array(z.int().nonnegative()).max(8),
            dtype: z.string(),
            quantization: z.unknown().optional(),
          }),
        )
        .max(100_000),
    }),
  )
  .max(1000)

const fileSchema = z.looseObject({ modelTopology: z.unknown().optional(), weightsManifest: z.unknown().optional() })

/** One weight of a file. */
export interface GivenWeight {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** A model.json and its weights, read and bounded, the topology not yet looked at. */
export interface ModelFile {
  readonly topology: unknown
  /** By the weight's name in the file; absent when the file brings no weights. */
  readonly weights?: ReadonlyMap<string, GivenWeight>
}

/**
 * Finds weights by "layer/weight". Keras puts the model's name in front of it ("sequential/conv/kernel"), or ":0"
 * behind; layers have one name each, so the end is enough.
 */
export function weightFinder(weights: ReadonlyMap<string, GivenWeight>): (name: string) => GivenWeight | undefined {
  const byEnd = new Map<string, GivenWeight | undefined>()
  for (const [name, weight] of weights) {
    const end = name.replace(/:0$/, '').split('/').slice(-2).join('/')
    byEnd.set(end, byEnd.has(end) ? undefined : weight)
  }
  return name => weights.get(name) ?? byEnd.get(name)
}

/**
 * Reads a TensorFlow.js LayersModel from disk. Weight files must lie in the folder of the model.json or below it, also
 * after links are followed: a model from elsewhere must not read this machine's other files.
 *
 * @throws {@link HearsayError} `MODEL`
 */
export async function readModelJson(path: string, limits: ModelFileLimits): Promise<ModelFile> {
  const json = parseJson(await readModelPart(path, limits.jsonBytes, path), path)
  const file = fileSchema.safeParse(json)
  if (!file.success) throw new HearsayError('MODEL', 'is not a model.json', { source: path })
  const described = file.data.modelTopology ?? json
  // tensorflowjs_converter wraps the topology once more.
  const topology = (described as { model_config?: unknown } | null)?.model_config ?? described
  if (file.data.weightsManifest === undefined) return { topology }
  const manifest = manifestSchema.safeParse(file.data.weightsManifest)
  if (!manifest.success) throw new HearsayError('MODEL', 'weightsManifest is malformed', { source: path })
  // An empty list is how some writers say that there are no weights.
  if (manifest.data.length === 0) return { topology }
  return { topology, weights: await readWeights(path, manifest.data, limits) }
}

/** @throws {@link HearsayError} `MODEL`, without the text: it may be anything */
export function parseJson(text: string | Uint8Array, source: string): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text))
  } catch (error) {
    throw new HearsayError(
      'MODEL',
      'is not JSON, nor another kind of model that is read; save the model from Keras with model.save("model.keras")',
      { source, cause: error },
    )
  }
}

async function readWeights(
  path: string,
  manifest: z.output<typeof manifestSchema>,
  limits: ModelFileLimits,
): Promise<NonNullable<ModelFile['weights']>> {
  const folder = await realpath(dirname(path))
  const weights = new Map<string, GivenWeight>()
  let left = limits.weightBytes
  for (const group of manifest) {
    const parts: Uint8Array[] = []
    for (const name of group.paths) {
      const part = await readModelPart(await inside(folder, name, path), left, `${path}: weights ${name}`)
      left -= part.length
      parts.push(part)
    }
    const bytes = Buffer.concat(parts)
    let at = 0
    for (const { name, shape, dtype, quantization } of group.weights) {
      if (dtype !== 'float32' || quantization !== undefined) {
        throw new HearsayError('MODEL', `weight "${name}" must be float32 without quantisation`, { source: path })
      }
      const size = shape.reduce((product, length) => product * length, 1)
      if (at + size * 4 > bytes.length)
        throw new HearsayError('MODEL', `weights end inside "${name}"`, { source: path })
      weights.set(name, {
        shape,
        values: new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + size * 4)),
      })
      at += size * 4
    }
    if (at !== bytes.length)
      throw new HearsayError('MODEL', `${bytes.length - at} bytes follow the last weight`, { source: path })
  }
  return weights
}

async function inside(folder: string, name: string, path: string): Promise<string> {
  let real: string
  try {
    real = await realpath(resolve(folder, name))
  } catch (error) {
    throw new HearsayError('MODEL', `weights ${name}: ${(error as Error).message}`, { source: path, cause: error })
  }
  if (real.startsWith(folder + sep)) return real
  throw new HearsayError('MODEL', `weights ${name} lie outside the model's folder; move them beside it`, {
    source: path,
  })
}

/** The whole file, if it is a regular one and no larger than allowed: the size is checked before anything is read. */
export async function readModelPart(path: string, limit: number, source: string): Promise<Uint8Array> {
  try {
    return await readBounded(path, limit)
  } catch (error) {
    throw new HearsayError('MODEL', whyNotRead(error), { source, cause: error })
  }
}

/** Enough to tell what a file is. */
const startBytes = 16

/** @throws {@link HearsayError} `MODEL` */
export async function readStart(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(startBytes), 0, startBytes, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    throw new HearsayError('MODEL', `cannot be read (${(error as Error).message})`, { source: path, cause: error })
  } finally {
    await file?.close()
  }
}
