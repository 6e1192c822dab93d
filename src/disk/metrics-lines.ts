import { StringDecoder } from 'node:string_decoder'
import { NotRead, openFile } from '../bounded-file.js'
import { HearsayError } from '../errors.js'
import { explainDisk } from './durable.js'

/** Bounds of what is read of a run's events. */
export interface MetricsLimits {
  /** Of one line, in characters. A mixture of a thousand peers has lines of 100 kB. */
  readonly line: number
  /** Of the file, in bytes; what lies beyond is not read. */
  readonly bytes: number
}

export const metricsLimits: MetricsLimits = { line: 4 * 1024 * 1024, bytes: 1024 ** 3 }

/**
 * The lines of `metrics.jsonl`, in turns of a block of the file. An incomplete last line is left out: a process that
 * was killed, or is still writing, leaves one. A line that is too long comes as undefined.
 *
 * @throws {@link HearsayError} RUN where the file cannot be read; the signal's reason
 */
export async function* metricsLines(
  path: string,
  { signal, limits = metricsLimits }: { readonly signal?: AbortSignal; readonly limits?: MetricsLimits } = {},
): AsyncGenerator<(string | undefined)[], void, undefined> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isTooLong = false
  try {
    const file = await openFile(path)
    const stream = file.createReadStream({ end: limits.bytes - 1, highWaterMark: 1 << 18 })
    for await (const block of stream) {
      signal?.throwIfAborted()
      const parts = decoder.write(block as Buffer).split('\n')
      const lines: (string | undefined)[] = []
      for (const part of parts.slice(0, -1)) {
        lines.push(isTooLong || rest.length + part.length > limits.line ? undefined : rest + part)
        rest = ''
        isTooLong = false
      }
      rest += parts.at(-1)!
      if (rest.length > limits.line) {
        isTooLong = true
        rest = ''
      }
      yield lines
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof NotRead) throw new HearsayError('RUN', error.message, { source: path, cause: error })
    throw explainDisk(error, path, 'The run’s events could not be read')
  }
}
