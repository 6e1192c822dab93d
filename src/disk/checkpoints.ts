import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../errors.js'
import { whenRefused } from '../system-errors.js'
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.js'
import { type Checkpoint, type CheckpointKind, contentsOf } from './checkpoint-format.js'
import { explainDisk, makeFolder, moveInto, unfinishedEnding, unfinishedName } from './durable.js'

export interface CheckpointsInit extends CheckpointKind {
  /** The folder of the checkpoints, and of nothing else. Created when the first one is saved. */
  readonly folder: string
  /**
   * How many checkpoints are kept, at least 1. Two, because a disk that damages two written files is rarer than one
   * that damages one.
   * @default 2
   */
  readonly keep?: number
  /** Called for every checkpoint that is skipped, with the reason. Must not throw. */
  readonly onDamaged?: (reason: string) => void
}

/** A peer's state on disk, for one process at a time: the caller must hold the run folder's lock. */
export interface Checkpoints {
  /**
   * Resolves when the checkpoint is on the disk; older ones are removed only then. The vectors must not change until it
   * resolves: they are written without a copy, as a second copy of a large model at the end of every round would cost
   * more than it saves.
   * Hashing runs on the network thread, in turns with its other work; writing happens off it. Saves are serialised.
   *
   * A write to the disk cannot be interrupted; the signal is checked between chunks of 256 KiB.
   *
   * @throws {@link HearsayError} RUN where the disk is full or cannot be written: earlier checkpoints are whole
   * @throws the signal's reason
   */
  save(checkpoint: Checkpoint, signal: AbortSignal): Promise<void>
  /**
   * The undamaged checkpoints, latest first, each read only when it is requested. If it yields none, the state is lost
   * where `onDamaged` was called, and otherwise there was none yet.
   *
   * @throws {@link HearsayError} RUN where a checkpoint is of another run, or may not be read
   */
  all(): AsyncGenerator<Checkpoint, void, undefined>
}

/** Saves are numbered: a clock may go back, and a peer that is resumed may train a round twice. */
const sequenceDigits = 10
const fileName = new RegExp(`^(\\d{${sequenceDigits}})\\.round-(\\d{1,7})\\.([0-9a-f]{64})\\.safetensors$`)

interface Entry {
  readonly file: string
  readonly sequence: number
  readonly round: number
  readonly digest: string
}

/** Creates the checkpoints of one peer in one run. The disk is accessed only when a method is called. */
export function createCheckpoints(init: CheckpointsInit): Checkpoints {
  const { folder, keep } = { keep: 2, ...init }
  if (!Number.isInteger(keep) || keep < 1) throw new RangeError(`keep is ${keep}; must be a whole number from 1`)
  let before: Promise<unknown> = Promise.resolve()

  async function write(checkpoint: Checkpoint, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    // Throws before the folder is touched.
    const contents = contentsOf(init, checkpoint)
    try {
      await makeFolder(folder)
      const entries = await tidy(folder)
      const sequence = String((entries[0]?.sequence ?? 0) + 1).padStart(sequenceDigits, '0')
      if (sequence.length > sequenceDigits) {
        throw new HearsayError('RUN', 'is no checkpoint of ours; move it elsewhere', {
          source: join(folder, entries[0]!.file),
        })
      }
      const unfinished = unfinishedName(join(folder, sequence))
      const digest = await writeCheckpoint(unfinished, contents, signal)
      await moveInto(unfinished, join(folder, `${sequence}.round-${checkpoint.round}.${digest}.safetensors`))
      for (const { file } of entries.slice(keep - 1)) await remove(join(folder, file))
    } catch (error) {
      const lost = `The checkpoint of round ${checkpoint.round} was not kept; those before it are whole: resume the run from them`
      throw explainDisk(error, folder, lost)
    }
  }

  const explained = (error: unknown): never => {
    throw explainDisk(error, folder, 'No checkpoint could be read')
  }

  return {
    save(checkpoint, signal) {
      const saved = before.then(() => write(checkpoint, signal))
      // The next save waits only until this one has settled; an error is reported to this one's caller.
      before = saved.catch(() => {})
      return saved
    },

    async *all() {
      for (const { file, digest } of await tidy(folder).catch(explained)) {
        const read = await readCheckpoint(join(folder, file), init, digest).catch(explained)
        if (read.ok) yield read.checkpoint
        else init.onDamaged?.(read.reason)
      }
    },
  }
}

/**
 * The last undamaged checkpoint of a folder, read-only: no file is removed, as the folder's peer may be running.
 *
 * @throws {@link HearsayError} RUN where the checkpoint is of another run or model, or may not be read
 */
export async function latestCheckpoint(
  init: CheckpointKind & { readonly folder: string },
): Promise<Checkpoint | undefined> {
  try {
    for (const { file, digest } of entriesOf(await filesIn(init.folder))) {
      const read = await readCheckpoint(join(init.folder, file), init, digest)
      if (read.ok) return read.checkpoint
    }
    return undefined
  } catch (error) {
    throw explainDisk(error, init.folder, 'No checkpoint could be read')
  }
}

/** The folder's checkpoints, latest first. Unfinished files that a crash left are removed. */
async function tidy(folder: string): Promise<Entry[]> {
  const files = await filesIn(folder)
  for (const file of files) if (file.endsWith(unfinishedEnding)) await remove(join(folder, file))
  return entriesOf(files)
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function entriesOf(files: readonly string[]): Entry[] {
  return files
    .flatMap(file => {
      const [, sequence, round, digest] = fileName.exec(file) ?? []
      return digest === undefined ? [] : [{ file, sequence: Number(sequence), round: Number(round), digest }]
    })
    .sort((a, b) => b.sequence - a.sequence)
}

/** Removal may fail, as where a virus scanner holds the file open; the next save tries again. */
async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch(whenRefused())
}
