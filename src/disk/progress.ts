import { open } from 'node:fs/promises'
import * as z from 'zod'
import { readBounded, whenNotRead } from '../bounded-file.js'
import { measures, type Quality } from '../data/index.js'
import { jsonIn } from '../json.js'
import { explainDisk } from './durable.js'

/*
 * A peer's progress when its process ended, from the files that it wrote for people. Its model is in the checkpoints;
 * these files show whether there should be one, and how well it tested.
 */

/** A peer's progress. */
export interface SoFar {
  /** Rounds that the peer has ended. */
  readonly rounds: number
  /** The result of the last test, if there was one. */
  readonly tested?: LastTest | undefined
}

export const nothingYet: SoFar = { rounds: 0 }

/** Bytes read from the file's end: thousands of events, or some tens for a mixture of a thousand peers. */
const tailBytes = 4 * 1024 * 1024

/** JSON has no NaN, which may be the figure of a model that diverged. */
const value = z
  .number()
  .nullable()
  .transform(value => value ?? Number.NaN)
const figure = value.optional()
const testSchema = z.object({
  accuracy: value,
  macroF1: figure,
  balancedAccuracy: figure,
  rarestRecall: figure,
  auroc: figure,
  averagePrecision: figure,
  calibrationError: figure,
  rarest: z.object({ class: z.int(), right: z.number(), samples: z.number() }).optional(),
  isUnbalanced: z.boolean().optional(),
  untested: z.array(z.int()).optional(),
  mae: figure,
  rmse: figure,
})

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ended'), round: z.int().min(0) }),
  testSchema.extend({ type: z.literal('evaluated'), before: testSchema.optional() }),
])

/** The result of a test, and that of the model before the merge. */
export type LastTest = Quality & { readonly before?: Quality }

/**
 * The last round and the last test of `metrics.jsonl`.
 *
 * @throws {@link HearsayError} RUN where it cannot be read
 */
export async function soFarIn(path: string): Promise<SoFar> {
  let rounds: number | undefined
  let tested: LastTest | undefined
  for (const line of (await tailOf(path)).split('\n').reverse()) {
    const event = eventOf(line)
    if (event?.type === 'ended') rounds ??= event.round + 1
    if (event?.type === 'evaluated' && tested === undefined) {
      const { type: _, ...found } = event
      tested = found as LastTest
    }
    if (rounds !== undefined && tested !== undefined) break
  }
  return { rounds: rounds ?? 0, ...(tested && { tested }) }
}

/** For {@link roundsTold}: hundreds of events. */
const lastBytes = 64 * 1024

/**
 * How many rounds all peers of a simulation have ended, as the end of its `metrics.jsonl` tells. Cheap enough to be asked
 * every second.
 *
 * @returns undefined where no such end is near that of the file
 * @throws {@link HearsayError} RUN where it cannot be read
 */
export async function roundsTold(path: string): Promise<number | undefined> {
  const lines = (await tailOf(path, lastBytes)).split('\n')
  // The first line may lack its beginning, the last its end: neither is JSON then.
  for (const line of lines.reverse()) {
    const found = line.includes('"round"') ? wholeSchema.safeParse(jsonIn(line)).data : undefined
    if (found !== undefined) return found.round + 1
  }
  return undefined
}

const wholeSchema = z.object({ type: z.literal('round'), round: z.int().min(0) })

async function tailOf(path: string, most = tailBytes): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const length = Math.min(size, most)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    throw explainDisk(error, path, 'What was done before could not be read')
  }
}

function eventOf(line: string): z.output<typeof eventSchema> | undefined {
  // Most lines are of other events: a search for the type is cheaper than parsing them.
  if (!line.includes('"ended"') && !line.includes('"evaluated"')) return undefined
  return eventSchema.safeParse(jsonIn(line)).data
}

/** A summary takes a few kilobytes; its confusion matrix of a hundred classes, a number a line, some two hundred. */
const summaryBytes = 1024 * 1024

const summarySchema = z.object({
  rounds: z.int().min(0),
  measure: z.enum(measures),
  accuracy: z.number().nullable(),
  interrupted: z.boolean(),
})

/** A run's result: the fields of `summary.json` that are read again. */
export type Outcome = z.output<typeof summarySchema>

/** Reads `summary.json`; undefined where it is missing or not what was written: nothing in it is indispensable. */
export async function outcomeIn(path: string): Promise<Outcome | undefined> {
  const bytes = await readBounded(path, summaryBytes).catch(whenNotRead)
  return summarySchema.safeParse(jsonIn(bytes?.toString('utf8') ?? '')).data
}
