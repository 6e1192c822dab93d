import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Dataset } from '../../data/index.js'
import { backendSchema } from '../../learner/index.js'
import type { Tested } from '../../methods/index.js'
import { type KeptState, type RoundFigures, type TrafficBytes, trafficSchema } from '../../node/index.js'
import { whenRefused } from '../../system-errors.js'
import { bytesOf } from '../../tensors/index.js'
import { checkpointLimits } from '../checkpoint-format.js'

/*
 * What a simulation keeps after every round, so that it can resume there with the same numbers: a folder for each of
 * the last two complete rounds. Each peer's file is a checkpoint, as that of a peer in the field, without the heads
 * that peers hold of each other: these are kept once, as a head is the same at all peers that received it. A folder is
 * given its name only when it is complete; training has no state between rounds, since batches, rates and momentum
 * begin anew.
 *
 * ```
 * state/options.json               what determines the numbers besides the manifest
 * state/round-12/run.json          figures up to that round, digests of the other files
 * state/round-12/3.safetensors     a peer's model, and what its method keeps beside it
 * state/round-12/heads             the heads that peers hold of each other, each once
 * ```
 */

const faults = z.array(z.strictObject({ peer: z.int().min(0), round: z.int().min(0) })).max(100_000)

/** Name of a backend that a module provides: "module/name". */
const foreignBackend = z.templateLiteral([z.string().min(1).max(100), '/', z.string().min(1).max(100)])

/** What determines a simulation's numbers besides the manifest. */
export const optionsSchema = z.strictObject({
  backend: z.union([backendSchema.exclude(['auto']), foreignBackend]),
  workers: z.int().min(1).max(256),
  transport: z.enum(['tcp', 'memory']),
  baselines: z.boolean(),
  faults,
  /** As `--attack` has them. */
  attacks: z.array(z.string().max(1_000_000)).max(1000),
  disconnect: z.number().min(0).max(1).optional(),
  /** SHA-256 of the samples, in hex: a file may have changed. */
  data: z.string().regex(/^[0-9a-f]{64}$/),
})

export type KeptOptions = z.output<typeof optionsSchema>

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const figures = z.looseObject({ type: z.literal('round'), round: z.int().min(0) })
const tested = z.looseObject({ accuracy: z.number().nullable(), loss: z.number().nullable() })

export const runSchema = z.strictObject({
  format: z.literal('hearsay simulation 2'),
  run: digest,
  /** Rounds that are complete. */
  rounds: z.int().min(1),
  last: figures,
  lastTested: figures.optional(),
  samples: z.number().min(0),
  absent: z.number().min(0),
  sentBytes: z.number().min(0),
  traffic: trafficSchema,
  seconds: z.number().min(0),
  rejected: z.record(z.string().max(64), z.number().min(0)),
  peers: z
    .array(
      z.strictObject({
        failed: z.boolean(),
        tested: tested.optional(),
        /** Digest of its file. */
        checkpoint: digest,
        /** The heads that the peer holds, as indices into `heads`. */
        heads: z.array(z.int().min(0)).max(checkpointLimits.heads),
      }),
    )
    .min(1)
    .max(100_000),
  /** The heads in the file `heads`, in that order. */
  heads: z.array(
    z.strictObject({ peer: z.string().max(128), name: z.string().max(1000).optional(), round: z.int().min(0) }),
  ),
  headsDigest: digest,
})

export type Kept = z.output<typeof runSchema>

/** A run's figures after its complete rounds. */
export interface SavedFigures {
  readonly rounds: number
  readonly last: RoundFigures
  readonly lastTested: RoundFigures | undefined
  readonly samples: number
  readonly absent: number
  readonly sentBytes: number
  /** All bytes of all peers until the round was kept. */
  readonly traffic: TrafficBytes
  readonly seconds: number
  readonly rejected: Readonly<Record<string, number>>
}

/** A run after its complete rounds. */
export interface SavedRun extends SavedFigures {
  readonly peers: readonly {
    readonly failed: boolean
    readonly tested: Tested | undefined
    readonly parameters: Float32Array
    readonly kept: KeptState
  }[]
}

export const statePath = (folder: string): string => join(folder, 'state')
/** Without this file there is no state: it is written before all others, and removed before them. */
export const optionsFile = 'options.json'
export const roundName = /^round-(\d{1,7})$/

/** The kept rounds, latest first. */
export async function wholeRounds(path: string): Promise<number[]> {
  return roundsAmong(await readdir(path))
}

function roundsAmong(names: readonly string[]): number[] {
  const rounds = names.flatMap(name => roundName.exec(name)?.slice(1) ?? [])
  return rounds.map(Number).sort((a, b) => b - a)
}

/**
 * How many rounds of a run folder's simulation are kept, by the names of its files alone: the run may be going on.
 *
 * @returns undefined where there is no state to go on from
 */
export async function keptRounds(folder: string): Promise<number | undefined> {
  const names = await readdir(statePath(folder)).catch(whenRefused('ENOENT', 'ENOTDIR'))
  return names?.includes(optionsFile) ? (roundsAmong(names)[0] ?? 0) : undefined
}

/** SHA-256 of all samples with their answers, in hex. */
export function datasetDigest({ train, validation, test }: Pick<Dataset, 'train' | 'validation' | 'test'>): string {
  const hash = createHash('sha256')
  for (const part of [train, validation, test]) {
    if (part === undefined) continue
    for (const values of [part.inputs, part.labels, part.targets])
      if (values !== undefined) hash.update(bytesOf(values))
  }
  return hash.digest('hex')
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
