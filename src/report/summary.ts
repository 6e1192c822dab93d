import { join } from 'node:path'
import * as z from 'zod'
import { NotRead, readBounded } from '../bounded-file.js'
import { measures } from '../data/index.js'
import { summaryBytes } from '../disk/index.js'
import { jsonIn } from '../json.js'
import { systemCode } from '../system-errors.js'

const number = z.number().optional().catch(undefined)
const text = z.string().optional().catch(undefined)

/** Labels are rows, answers columns. */
const confusion = z.array(z.array(z.number())).optional().catch(undefined)

/** Over the peers of a simulation. */
const spread = z.object({
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  ofMean: z.number().nullable().optional().catch(undefined),
})

/** Whatever a version has written: what is missing or otherwise is left out, not an error. */
const schema = z.object({
  backend: text,
  device: z.object({ name: z.string(), memoryBytes: z.number().optional() }).optional().catch(undefined),
  transport: text,
  rounds: number,
  interrupted: z.boolean().optional().catch(undefined),
  seconds: number,
  measure: z.enum(measures).optional().catch(undefined),
  accuracy: z.union([spread, z.number()]).optional().catch(undefined),
  beside: z.record(z.string(), spread).optional().catch(undefined),
  fairness: z
    .object({
      worst: z.object({ name: z.string(), value: z.number() }),
      percentile10: z.number(),
      jain: z.number().nullable(),
    })
    .optional()
    .catch(undefined),
  spectralGap: number,
  samplesPerSecond: number,
  peakRssMB: number,
  samples: number,
  bytes: z.object({ sent: z.number(), perPeerPerRound: z.number() }).optional().catch(undefined),
  model: z.object({ parameters: z.number(), shared: z.number() }).optional().catch(undefined),
  sentBytes: number,
  receivedBytes: number,
  faults: z
    .object({ fail: z.array(z.string()), lie: z.array(z.string()), disconnect: z.number() })
    .partial()
    .optional()
    .catch(undefined),
  absent: number,
  rejected: z.record(z.string(), z.number()).optional().catch(undefined),
  /** Of a peer in the field: its id, and its own last test. */
  id: text,
  confusion,
  classes: z.array(z.string()).optional().catch(undefined),
  perPeer: z
    .array(
      z.object({
        name: z.string(),
        samples: number,
        confusion,
      }),
    )
    .optional()
    .catch(undefined),
})

/** What a page takes from `summary.json`. */
export type KeptSummary = z.output<typeof schema>

/** Reads a run folder's `summary.json`; empty where there is none, as while a run goes on, or where it is not what was written. */
export async function readSummary(folder: string): Promise<KeptSummary> {
  return schema.safeParse(await jsonOf(join(folder, 'summary.json'))).data ?? {}
}

/** What `peers.json` holds of a simulation from its beginning on, as `summary.json` will have it. */
export async function readMembers(folder: string): Promise<KeptSummary> {
  const members = z.array(z.object({ name: z.string(), samples: z.number() }))
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
