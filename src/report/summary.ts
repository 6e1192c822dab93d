import { join } from 'node:path'
import * as z from 'zod'
import { NotRead, readBounded } from '../bounded-file.js'
import { besideNames, dataLimits, measures } from '../data/index.js'
import { summaryBytes } from '../disk/index.js'
import { jsonIn } from '../json.js'
import { trafficSchema } from '../node/index.js'
import { systemCode } from '../system-errors.js'

const number = z.number().optional().catch(undefined)
const text = z.string().optional().catch(undefined)

/*
 * A file may hold millions of entries, and every one that is not what it should be makes an issue of 300 bytes. So long
 * lists are refused before their entries are looked at, and lists of plain values as a whole.
 */

/** More peers than a run has in a simulation, and than its record has members. */
const mostPeers = 10_000
/** Far more figures than stand beside a measure, and than there are reasons to reject a head. */
const mostNames = 256

type IsEntry<T> = (entry: unknown) => entry is T

const isText: IsEntry<string> = (entry): entry is string => typeof entry === 'string'
const isNumber: IsEntry<number> = (entry): entry is number => Number.isFinite(entry)
const isRow = isListOf(isNumber, dataLimits.classes)

function isListOf<T>(isEntry: IsEntry<T>, most: number): IsEntry<T[]> {
  return (list): list is T[] => Array.isArray(list) && list.length <= most && list.every(isEntry)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Plain values, no more than so many. */
function listOf<T>(isEntry: IsEntry<T>, most: number) {
  return z.custom<T[]>(isListOf(isEntry, most))
}

/** Entries by name, no more than {@link mostNames}. */
function named<T>(entry: z.ZodType<T>) {
  return z
    .custom<Record<string, unknown>>(value => isObject(value) && Object.keys(value).length <= mostNames)
    .pipe(z.record(z.string(), entry))
}

/** An entry a peer, no more than {@link mostPeers}. */
function peersOf<T>(entry: z.ZodType<T>) {
  return z.custom<unknown[]>(list => Array.isArray(list) && list.length <= mostPeers).pipe(z.array(entry))
}

/** Labels are rows, answers columns. */
const confusion = listOf(isRow, dataLimits.classes).optional().catch(undefined)

/** Over the peers of a simulation. */
const spread = z.object({
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  ofMean: z.number().nullable().optional().catch(undefined),
  localOnly: z.number().nullable().optional().catch(undefined),
  centralised: z.number().nullable().optional().catch(undefined),
})

const ofPeer = z.object({
  name: z.string(),
  samples: number,
  confusion,
})

/** Of one peer in the field, what stands beside the measure is not of several, and stands by itself. */
const ofOne = Object.fromEntries(besideNames.map(name => [name, number])) as Record<
  (typeof besideNames)[number],
  typeof number
>

/** Whatever a version has written: what is missing or otherwise is left out, not an error. */
const schema = z.object({
  ...ofOne,
  backend: text,
  device: z.object({ name: z.string(), memoryBytes: z.number().optional() }).optional().catch(undefined),
  transport: text,
  rounds: number,
  interrupted: z.boolean().optional().catch(undefined),
  seconds: number,
  measure: z.enum(measures).optional().catch(undefined),
  accuracy: z.union([spread, z.number()]).optional().catch(undefined),
  beside: named(spread).optional().catch(undefined),
  /** The class that `rarestRecall` is of. */
  rarest: z.object({ class: z.string(), samples: z.number() }).nullable().optional().catch(undefined),
  isUnbalanced: z.boolean().optional().catch(undefined),
  untested: listOf(isText, dataLimits.classes).optional().catch(undefined),
  /** Of a peer in the field: what it had without the others. */
  before: z.object({ accuracy: z.number().nullable() }).optional().catch(undefined),
  fairness: z
    .object({
      worst: z.object({ name: z.string(), value: z.number() }),
      percentile10: z.number(),
      jain: z.number().nullable(),
    })
    .optional()
    .catch(undefined),
  spectralGap: number,
  steps: number,
  stepsInLoop: number,
  samplesPerSecond: number,
  peakRssMB: number,
  samples: number,
  bytes: z.object({ sent: z.number(), perPeerPerRound: z.number() }).optional().catch(undefined),
  model: z.object({ parameters: z.number(), shared: z.number() }).optional().catch(undefined),
  privacy: z
    .object({
      epsilon: z.number(),
      delta: z.number(),
      budget: z.number(),
      isSeeded: z.boolean(),
      of: z.literal('contribution').optional(),
    })
    .optional()
    .catch(undefined),
  traffic: trafficSchema.optional().catch(undefined),
  sentBytes: number,
  receivedBytes: number,
  faults: z
    // `lie` was what peers that hand over −10 times their head were called before `attack`.
    .object({
      fail: listOf(isText, mostPeers),
      lie: listOf(isText, mostPeers),
      attack: listOf(isText, mostPeers),
      disconnect: z.number(),
    })
    .partial()
    .optional()
    .catch(undefined),
  attackers: listOf(isNumber, mostPeers).optional().catch(undefined),
  backdoor: spread.optional().catch(undefined),
  absent: number,
  rejected: named(z.number()).optional().catch(undefined),
  /** Of a peer in the field: its id, and its own last test. */
  id: text,
  confusion,
  classes: listOf(isText, dataLimits.classes).optional().catch(undefined),
  perPeer: peersOf(ofPeer).optional().catch(undefined),
})

/** What a page takes from `summary.json`. */
export type KeptSummary = z.output<typeof schema>

/** Reads a run folder's `summary.json`; empty where there is none, as while a run goes on, or where it is not what was written. */
export async function readSummary(folder: string): Promise<KeptSummary> {
  return schema.safeParse(await jsonOf(join(folder, 'summary.json'))).data ?? {}
}

/** What `peers.json` holds of a simulation from its beginning on, as `summary.json` will have it. */
export async function readMembers(folder: string): Promise<KeptSummary> {
  const members = peersOf(z.object({ name: z.string(), samples: z.number() }))
  const perPeer = members.safeParse(await jsonOf(join(folder, 'peers.json'))).data
  return perPeer === undefined ? {} : { perPeer }
}

async function jsonOf(path: string): Promise<unknown> {
  try {
    return jsonIn((await readBounded(path, summaryBytes)).toString('utf8'))
  } catch (error) {
    if (error instanceof NotRead || systemCode(error) !== undefined) return undefined
    throw error
  }
}
