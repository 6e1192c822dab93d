import { createReadStream, createWriteStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { finished, pipeline } from 'node:stream/promises'
import { jsonIn } from '../json.js'
import { whenRefused } from '../system-errors.js'
import { explainDisk, moveInto, unfinishedName } from './durable.js'

/** A file of one JSON object a line, each written when it is appended. */
export interface MetricsFile {
  /**
   * Appends a line.
   *
   * @throws {@link HearsayError} RUN when an earlier one could not be written, as on a full disk
   */
  append(event: { readonly type: string }): void
  /** Resolves when every line so far is written. @throws as `append` does */
  flushed(): Promise<void>
  /** Resolves when every line is written. */
  close(): Promise<void>
}

/**
 * Opens a file to append to. An incomplete last line is cut off: on opening, one that a killed process left; on
 * closing, one that a full disk left.
 *
 * @param consequence - for the error's message: what a lost line means, and what to do
 */
export async function openMetrics(path: string, consequence: string): Promise<MetricsFile> {
  await cutTornLine(path)
  const stream = createWriteStream(path, { flags: 'a' })
  let failure: unknown
  stream.on('error', error => {
    failure = explainDisk(error, path, consequence)
  })
  return {
    append(event) {
      if (failure !== undefined) throw failure
      stream.write(`${JSON.stringify(event, isOfLine)}\n`)
    },
    async flushed() {
      await new Promise<void>(resolve => stream.write('', () => resolve()))
      if (failure !== undefined) throw failure
    },
    async close() {
      stream.end()
      // `failure` has the stream's error, and cutting may fail on the same disk as writing did.
      await finished(stream).catch(whenRefused())
      if (failure === undefined) return
      await cutTornLine(path).catch(whenRefused())
      throw failure
    },
  }
}

/** A confusion matrix is for the summary; the rest of an event is short. */
const isOfLine = (name: string, value: unknown): unknown => (name === 'confusion' ? undefined : value)

/** Bytes read from the file's end in one go. */
const blockBytes = 1 << 16
const newline = 0x0a

/** Cuts off a last line without a newline. */
async function cutTornLine(path: string): Promise<void> {
  const file = await open(path, 'a+')
  try {
    const { size } = await file.stat()
    const block = new Uint8Array(blockBytes)
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - blockBytes)
      const { bytesRead } = await file.read(block, 0, end - start, start)
      const at = block.subarray(0, bytesRead).lastIndexOf(newline)
      if (at >= 0) {
        if (start + at + 1 < size) await file.truncate(start + at + 1)
        return
      }
      end = start
    }
    if (size > 0) await file.truncate(0)
  } finally {
    await file.close()
  }
}

/**
 * Removes a run's events of incomplete rounds, and all later ones: the run resumes before them, and emits them again.
 * Has no effect where there is no file.
 *
 * @param rounds - number of complete rounds
 */
export async function keepRounds(path: string, rounds: number): Promise<void> {
  const unfinished = unfinishedName(path)
  try {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
    await pipeline(async function* () {
      for await (const line of lines) if (isOfRounds(line, rounds)) yield `${line}\n`
    }, createWriteStream(unfinished))
    await moveInto(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw explainDisk(error, path, 'The run could not go on; nothing was changed')
  }
}

/** Is this line's event of a complete round? An incomplete last line is not. */
function isOfRounds(line: string, rounds: number): boolean {
  const event = jsonIn(line) as { type?: unknown; round?: unknown } | null | undefined
  if (event === undefined) return false
  return event?.type !== 'baseline' && typeof event?.round === 'number' && event.round < rounds
}
