import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { jsonIn } from '../json.js'
import {
  allocate,
  decodeSafetensorsHeader,
  type Layout,
  safetensorsDataStart,
  safetensorsHeader,
  safetensorsLengthBytes,
  safetensorsLimits,
  sameLayout,
} from '../tensors/index.js'
import { inTurn } from '../turns.js'
import { writeThrough } from './durable.js'

/*
 * One checkpoint is one safetensors file, which any tool for that format opens: the whole model, and beside it, as the
 * format's own metadata, whose and when it is. Its digest stands in its name, where it can cover every byte of the
 * file, and where `sha256sum` can check it.
 */

/** What a checkpoint holds besides the model, and bounds. A test asserts each. */
export const checkpointLimits = {
  /** The further state as UTF-8 JSON. What a peer knows of a thousand others, with their addresses, fits. */
  stateBytes: 64 * 1024,
  /** As long as the names that peers announce. */
  nameLength: 64,
  roundDigits: 7,
} as const

/** So much is hashed in one go: a quarter of a millisecond at the 1 GB/s of SHA-256 on a machine of 2 cores. */
const chunkBytes = 1 << 18

const format = 'hearsay checkpoint 1'

const metadataSchema = z.strictObject({
  format: z.literal(format),
  run: z.string().regex(/^[0-9a-f]{64}$/),
  round: z
    .string()
    .regex(new RegExp(`^\\d{1,${checkpointLimits.roundDigits}}$`))
    .transform(Number),
  name: z.string().min(1).max(checkpointLimits.nameLength),
  state: z.string().max(checkpointLimits.stateBytes),
})

/** A peer between two rounds. */
export interface Checkpoint {
  /** The next one to train, from 0. */
  readonly round: number
  /** The peer's name. */
  readonly name: string
  /** The whole model, body and head. */
  readonly parameters: Float32Array
  /** Whatever else the peer wants to find again, as JSON; at most 64 KiB of it. */
  readonly state: Readonly<Record<string, unknown>>
}

/** What all checkpoints of a folder have in common. */
export interface CheckpointKind {
  /** The run's id, 32 bytes. */
  readonly runId: Uint8Array
  /** The whole model's layout. */
  readonly layout: Layout
}

/**
 * The first bytes of a checkpoint's file.
 *
 * @throws RangeError for a checkpoint that would be refused when it is read again
 */
export function checkpointHeader({ runId, layout }: CheckpointKind, checkpoint: Checkpoint): Uint8Array {
  const { round, name, parameters, state } = checkpoint
  const json = JSON.stringify(state)
  const metadata = { format, run: hex(runId), round: String(round), name, state: json }
  const stateBytes = Buffer.byteLength(json)
  if (stateBytes > checkpointLimits.stateBytes) {
    throw new RangeError(`a checkpoint's state takes ${stateBytes} bytes; at most ${checkpointLimits.stateBytes}`)
  }
  if (parameters.length !== layout.size) {
    throw new RangeError(`a checkpoint of ${parameters.length} parameters for a layout of ${layout.size}`)
  }
  metadataSchema.parse(metadata)
  const header = safetensorsHeader(layout, metadata)
  if (header.length > safetensorsLimits.headerBytes)
    throw new RangeError(`a checkpoint's header of ${header.length} bytes`)
  return header
}

/**
 * Writes header and parameters to a new file. No second copy of the model is made.
 *
 * @param create - makes the file. @default writeThrough: waits until the disk has it
 * @returns SHA-256 of the file, in hex
 * @throws the signal's reason, and what the file system says; nothing of the file stays then
 */
export async function writeCheckpoint(
  path: string,
  header: Uint8Array,
  parameters: Float32Array,
  signal: AbortSignal,
  create: typeof writeThrough = writeThrough,
): Promise<string> {
  const hash = createHash('sha256')
  const numbers = new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength)
  await create(path, async file => {
    for (const part of [header, numbers]) {
      for (let from = 0; from < part.length; from += chunkBytes) {
        signal.throwIfAborted()
        const chunk = part.subarray(from, from + chunkBytes)
        await inTurn(() => hash.update(chunk))
        await file.writeFile(chunk)
      }
    }
    signal.throwIfAborted()
  })
  return hash.digest('hex')
}

/** What became of reading a checkpoint. */
export type CheckpointRead =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly reason: string }

/**
 * Reads a checkpoint, piece by piece into fresh shared memory. Never allocates more than the layout needs, whatever the
 * file claims.
 *
 * @param digest - SHA-256 that the file must have, in hex
 * @throws {@link HearsayError} for a file that is whole and of another run or model: that is no damage but a mistake
 */
export async function readCheckpoint(path: string, digest: string, kind: CheckpointKind): Promise<CheckpointRead> {
  try {
    // What is no file may keep its reader waiting forever, as a named pipe does.
    if (!(await stat(path)).isFile()) return { ok: false, reason: `${path}: is no file` }
    const file = await open(path, 'r')
    try {
      return await readOpen(file, path, digest, kind)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof HearsayError && error.code === 'PARAMETERS') return { ok: false, reason: error.message }
    const { code } = error as NodeJS.ErrnoException
    // A sector that cannot be read is damage; a permission that is missing is for the user to mend.
    if (code === 'EIO' || code === 'ENOENT') return { ok: false, reason: `${path}: cannot be read (${code})` }
    throw error
  }
}

async function readOpen(file: FileHandle, path: string, digest: string, kind: CheckpointKind): Promise<CheckpointRead> {
  const { size } = await file.stat()
  if (size < safetensorsLengthBytes || size > safetensorsLimits.totalBytes) {
    return { ok: false, reason: `${path}: has ${size} bytes` }
  }
  const hash = createHash('sha256')
  const start = new Uint8Array(safetensorsLengthBytes)
  await fill(file, path, start, 0, hash)
  const dataStart = safetensorsDataStart(start, path)
  if (dataStart > size) return { ok: false, reason: `${path}: ends inside its header` }
  const json = new Uint8Array(dataStart - safetensorsLengthBytes)
  await fill(file, path, json, safetensorsLengthBytes, hash)
  const { layout, metadata } = decodeSafetensorsHeader(json, size - dataStart, path)
  const about = metadataSchema.safeParse(metadata)
  if (!about.success) return { ok: false, reason: `${path}: does not say what it is a checkpoint of` }

  const { run, round, name } = about.data
  const fits = run === hex(kind.runId) && sameLayout(layout, kind.layout)
  // Only what fits gets memory; of the rest it is still worth knowing whether it is whole.
  const parameters = fits ? allocate(layout) : undefined
  const numbers = parameters === undefined ? new Uint8Array(chunkBytes) : new Uint8Array(parameters.buffer)
  for (let from = 0; from < size - dataStart; from += chunkBytes) {
    const length = Math.min(chunkBytes, size - dataStart - from)
    const at = parameters === undefined ? 0 : from
    await fill(file, path, numbers.subarray(at, at + length), dataStart + from, hash)
  }
  if (hash.digest('hex') !== digest) return { ok: false, reason: `${path}: its contents are not what was written` }
  if (parameters === undefined) throw misplaced(path, run, hex(kind.runId))
  const state = stateOf(about.data.state)
  if (state === undefined) return { ok: false, reason: `${path}: its state is no JSON object` }
  return { ok: true, checkpoint: { round, name, parameters, state } }
}

/** Reads exactly as many bytes as `target` has, and hashes them. */
async function fill(file: FileHandle, path: string, target: Uint8Array, position: number, hash: Hash): Promise<void> {
  for (let from = 0; from < target.length; from += chunkBytes) {
    const chunk = target.subarray(from, from + chunkBytes)
    for (let filled = 0; filled < chunk.length; ) {
      const { bytesRead } = await file.read(chunk, filled, chunk.length - filled, position + from + filled)
      if (bytesRead === 0) throw new HearsayError('PARAMETERS', `${path}: became shorter while it was read`)
      filled += bytesRead
    }
    await inTurn(() => hash.update(chunk))
  }
}

function stateOf(json: string): Record<string, unknown> | undefined {
  const value = jsonIn(json)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function misplaced(path: string, theirs: string, ours: string): HearsayError {
  return new HearsayError(
    'RUN',
    theirs === ours
      ? `${path}: holds another model than the manifest describes; go on with the version of Hearsay that wrote it, or start anew in another folder`
      : `${path}: belongs to run ${theirs}, not to ${ours}; resume with the manifest it was started with, or start anew in another folder`,
  )
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
