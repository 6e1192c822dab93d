import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { HearsayError } from '../errors.js'
import {
  allocate,
  bytesOf,
  decodeSafetensorsHeader,
  reserveVector,
  safetensorsDataStart,
  safetensorsLengthBytes,
  safetensorsLimits,
  squaredNorm,
} from '../tensors/index.js'
import { inTurn } from '../turns.js'
import {
  type Checkpoint,
  type CheckpointContents,
  type CheckpointHeader,
  type CheckpointKind,
  checkpointLimits,
  hex,
  readAbout,
  vectorsOf,
} from './checkpoint-format.js'
import { writeThrough } from './durable.js'

/** Bytes hashed in one go: a quarter of a millisecond at the 1 GB/s of SHA-256 on a machine of 2 cores. */
const chunkBytes = 1 << 18

/**
 * Writes a checkpoint to a new file. No second copy of its vectors is made.
 *
 * @param create - creates the file. @default writeThrough: waits until the file is on the disk
 * @returns SHA-256 of the file, in hex
 * @throws the signal's reason, and the file system's errors; the file is removed then
 */
export async function writeCheckpoint(
  path: string,
  contents: CheckpointContents,
  signal: AbortSignal,
  create: typeof writeThrough = writeThrough,
): Promise<string> {
  const hash = createHash('sha256')
  const parts = [contents.header, ...contents.vectors.map(bytesOf)]
  await create(path, async file => {
    for (const chunk of chunksOf(parts)) {
      signal.throwIfAborted()
      await inTurn(() => hash.update(chunk))
      await file.writeFile(chunk)
    }
    signal.throwIfAborted()
  })
  return hash.digest('hex')
}

/** Joins small parts into one chunk, and splits large ones. */
function* chunksOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let length = 0
  for (const part of parts) {
    for (let from = 0; from < part.length; from += chunkBytes) {
      const piece = part.subarray(from, from + chunkBytes)
      if (length + piece.length > chunkBytes) {
        yield waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)
        waiting = []
        length = 0
      }
      waiting.push(piece)
      length += piece.length
    }
  }
  if (length > 0) yield Buffer.concat(waiting)
}

/** Result of reading a checkpoint. */
export type CheckpointRead =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly reason: string }

/**
 * Reads a checkpoint chunk by chunk, model and heads into new shared memory. Memory is allocated only for a checkpoint
 * that fits the run and the model, whatever sizes the file claims.
 *
 * @param digest - SHA-256 that the file must have, in hex. @default any: the file's name contains none
 * @throws {@link HearsayError} for an undamaged file of another run or model: a user's mistake
 */
export async function readCheckpoint(path: string, kind: CheckpointKind, digest?: string): Promise<CheckpointRead> {
  try {
    // Anything but a regular file may block its reader forever, as a named pipe does.
    if (!(await stat(path)).isFile()) return { ok: false, reason: `${path}: is no file` }
    const file = await open(path, 'r')
    try {
      return await readOpen(file, path, kind, digest)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof HearsayError && error.code === 'PARAMETERS') return { ok: false, reason: error.message }
    const { code } = error as NodeJS.ErrnoException
    // An unreadable sector is damage; a missing permission is for the user to correct.
    if (code === 'EIO' || code === 'ENOENT') return { ok: false, reason: `${path}: cannot be read (${code})` }
    throw error
  }
}

async function readOpen(
  file: FileHandle,
  path: string,
  kind: CheckpointKind,
  digest: string | undefined,
): Promise<CheckpointRead> {
  const { size } = await file.stat()
  if (size < safetensorsLengthBytes || size > safetensorsLimits.totalBytes) {
    return { ok: false, reason: `${path}: has ${size} bytes` }
  }
  const hash = createHash('sha256')
  const start = new Uint8Array(safetensorsLengthBytes)
  await fill(file, path, start, 0, hash)
  const dataStart = safetensorsDataStart(start, path, { ...safetensorsLimits, ...checkpointLimits })
  if (dataStart > size) return { ok: false, reason: `${path}: ends inside its header` }
  const json = new Uint8Array(dataStart - safetensorsLengthBytes)
  await fill(file, path, json, safetensorsLengthBytes, hash)
  const { layout, metadata } = decodeSafetensorsHeader(json, size - dataStart, path)
  const header = readAbout(metadata, kind, layout)
  if (header === undefined) return { ok: false, reason: `${path}: does not state what it is a checkpoint of` }

  // Memory is allocated only for a checkpoint that fits; any other is still checked for damage.
  const checkpoint = header.fits ? emptyCheckpoint(kind, header) : undefined
  const scratch = new Uint8Array(checkpoint ? 0 : chunkBytes)
  const parts = checkpoint ? vectorsOf(checkpoint).map(bytesOf) : overAndOver(scratch, size - dataStart)
  let at = dataStart
  for (const part of parts) {
    await fill(file, path, part, at, hash)
    at += part.length
  }
  if (digest !== undefined && hash.digest('hex') !== digest) {
    return { ok: false, reason: `${path}: its contents are not what was written` }
  }
  if (checkpoint === undefined) throw misplaced(path, header.run, hex(kind.runId))
  for (const { peer, head } of checkpoint.heads) {
    if (Number.isFinite(await inTurn(() => squaredNorm(head)))) continue
    return { ok: false, reason: `${path}: the head of ${peer} holds numbers that are not finite` }
  }
  return { ok: true, checkpoint }
}

/** A checkpoint with memory for every tensor that its header names. */
function emptyCheckpoint({ layout, head }: CheckpointKind, header: CheckpointHeader): Checkpoint {
  const { round, name, hasBefore, numbers, tensors, heads, arrivals } = header
  return {
    round,
    name,
    parameters: reserveVector(layout.size),
    method: {
      ...(hasBefore && { before: reserveVector(head.size) }),
      tensors: tensors.map(({ name, shape, size }) => ({ name, shape, values: new Float32Array(size) })),
      numbers,
    },
    heads: heads.map(one => ({ ...one, head: allocate(head) })),
    ...(arrivals && { arrivals }),
  }
}

/** Yields the same memory repeatedly, `bytes` in total. */
function* overAndOver(scratch: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= scratch.length) yield scratch.subarray(0, left)
}

/** Reads exactly as many bytes as `target` has, and hashes them. */
async function fill(file: FileHandle, path: string, target: Uint8Array, position: number, hash: Hash): Promise<void> {
  for (let from = 0; from < target.length; from += chunkBytes) {
    const chunk = target.subarray(from, from + chunkBytes)
    for (let filled = 0; filled < chunk.length; ) {
      const { bytesRead } = await file.read(chunk, filled, chunk.length - filled, position + from + filled)
      if (bytesRead === 0) throw new HearsayError('PARAMETERS', 'became shorter while it was read', { source: path })
      filled += bytesRead
    }
    await inTurn(() => hash.update(chunk))
  }
}

function misplaced(path: string, theirs: string, ours: string): HearsayError {
  return new HearsayError(
    'RUN',
    theirs === ours
      ? 'holds another model than the manifest describes; go on with the version of Hearsay that wrote it, or start anew in another folder'
      : `belongs to run ${theirs}, not to ${ours}; resume with the manifest it was started with, or start anew in another folder`,
    { source: path },
  )
}
