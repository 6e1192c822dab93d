import { open, readFile, stat } from 'node:fs/promises'
import * as z from 'zod'
import type { Measure } from '../data/index.js'
import { explainDisk } from '../node/index.js'
import { measureNames } from './text.js'

/*
 * How far a peer was when its process ended, as the files say that it wrote for people. Its model is in the checkpoints;
 * these tell whether there should be one, and what it was worth.
 */

/** How far a peer was. */
export interface SoFar {
  /** Rounds that it has ended. */
  readonly rounds: number
  /** Of the last test, where there was one. */
  readonly accuracy: number | null
  readonly macroF1?: number | undefined
}

export const nothingYet: SoFar = { rounds: 0, accuracy: null }

/** Of the file's end so much is looked at: thousands of events, and some tens of a mixture of a thousand peers. */
const tailBytes = 4 * 1024 * 1024

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ended'), round: z.int().min(0) }),
  z.object({ type: z.literal('evaluated'), accuracy: z.number().nullable(), macroF1: z.number().optional() }),
])

/**
 * The last round and the last test of `metrics.jsonl`.
 *
 * @throws {@link HearsayError} RUN where it cannot be read
 */
export async function soFarIn(path: string): Promise<SoFar> {
  let rounds: number | undefined
  let tested: Pick<SoFar, 'accuracy' | 'macroF1'> | undefined
  for (const line of (await tailOf(path)).split('\n').reverse()) {
    const event = eventOf(line)
    if (event?.type === 'ended') rounds ??= event.round + 1
    if (event?.type === 'evaluated') tested ??= { accuracy: event.accuracy, macroF1: event.macroF1 }
    if (rounds !== undefined && tested !== undefined) break
  }
  return { ...nothingYet, ...tested, rounds: rounds ?? 0 }
}

async function tailOf(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const length = Math.min(size, tailBytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    throw explainDisk(error, path, 'What was done before could not be read')
  }
}

function eventOf(line: string): z.output<typeof eventSchema> | undefined {
  // Most lines are of other events: a look is cheaper than to read them.
  if (!line.includes('"ended"') && !line.includes('"evaluated"')) return undefined
  try {
    return eventSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** A summary takes less than a kilobyte, and more where many reasons of refusal are counted. */
const summaryBytes = 64 * 1024

const measures = Object.keys(measureNames) as Measure[]
const summarySchema = z.object({
  rounds: z.int().min(0),
  measure: z.enum(measures),
  accuracy: z.number().nullable(),
  interrupted: z.boolean(),
})

/** How a run went, of `summary.json` what is asked of it again. */
export type Outcome = z.output<typeof summarySchema>

/** `summary.json`; undefined where it is not there, or not what was written: it tells nothing that cannot be done without. */
export async function outcomeIn(path: string): Promise<Outcome | undefined> {
  try {
    if ((await stat(path)).size > summaryBytes) return undefined
    return summarySchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data
  } catch {
    return undefined
  }
}
