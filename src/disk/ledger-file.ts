import * as z from 'zod'
import { NotRead, readBounded } from '../bounded-file.js'
import { HearsayError } from '../errors.js'
import type { Ledger } from '../privacy/index.js'
import { systemCode } from '../system-errors.js'
import { replaceFile } from './durable.js'

/** A kind of step is added where the number of records, or the manifest's noise, has changed. */
const kindsLimit = 1000
const ledgerBytes = 1 << 20

const schema = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        rate: z.number().positive().max(1),
        noise: z.number().positive(),
        steps: z.int().min(0),
      }),
    )
    .max(kindsLimit),
})

/** Writes the steps that a peer is about to take, or has taken. They are on the disk when this resolves. */
export function writeLedger(path: string, steps: Ledger): Promise<void> {
  return replaceFile(path, `${JSON.stringify({ steps }, null, 2)}\n`)
}

/**
 * Reads a ledger.
 *
 * @throws {@link HearsayError} RUN when it is missing or not what was written: what was spent is then unknown, and another
 *   run of the same records would spend it again
 */
export async function readLedger(path: string): Promise<Ledger> {
  let what = 'is not what was written there'
  try {
    const read = schema.safeParse(JSON.parse((await readBounded(path, ledgerBytes)).toString('utf8')))
    if (read.success) return read.data.steps
  } catch (error) {
    if (error instanceof NotRead) what = error.message
    else if (systemCode(error) === 'ENOENT') what = 'is missing'
    else if (!(error instanceof SyntaxError)) throw error
  }
  throw new HearsayError(
    'RUN',
    `${what}, so what this peer's records have cost in privacy is unknown; bring it back from a copy of this folder: without it the peer must not train`,
    { source: path },
  )
}
