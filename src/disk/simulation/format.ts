import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Dataset } from '../../data/index.js'
import { backendSchema } from '../../learner/index.js'
import { remembered } from '../../merge/index.js'
import type { Tested, Unmerged } from '../../methods/index.js'
import type { PeerMixture, RoundFigures } from '../../node/index.js'

/*
 * What a simulation keeps after every round, so that it can go on from there with the same numbers: a folder for each of
 * the last two whole rounds. Models are checkpoints, as those of a peer in the field. A folder has its name only when
 * all of it is there; training has no state of its own between rounds, since batches, rates and momentum begin anew.
 *
 * ```
 * state/options.json          what else decides the numbers
 * state/round-12/run.json     figures up to there, digests of the rest
 * state/round-12/3.model      a peer's model
 * state/round-12/3.before     of merges: its head before the last one, to go back to where training diverges on it
 * state/round-12/3.mixture    of a mixture: its transforms and gate
 * state/round-12/heads        of a mixture: the heads that peers hold of each other, each once
 * ```
 */

const faults = z.array(z.strictObject({ peer: z.int().min(0), round: z.int().min(0) })).max(100_000)

/** What decides a simulation's numbers beside the manifest. */
export const optionsSchema = z.strictObject({
  backend: z.enum(backendSchema.options).exclude(['auto']),
  workers: z.int().min(1).max(256),
  transport: z.enum(['tcp', 'memory']),
  baselines: z.boolean(),
  faults,
  lies: faults,
  disconnect: z.number().min(0).max(1).optional(),
  /** SHA-256 of the samples, in hex: a file may have changed. */
  data: z.string().regex(/^[0-9a-f]{64}$/),
})

export type KeptOptions = z.output<typeof optionsSchema>

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const figures = z.looseObject({ type: z.literal('round'), round: z.int().min(0) })
const tested = z.looseObject({ accuracy: z.number().nullable(), loss: z.number().nullable() })

export const runSchema = z.strictObject({
  format: z.literal('hearsay simulation 1'),
  run: digest,
  /** Rounds that are whole. */
  rounds: z.int().min(1),
  last: figures,
  lastTested: figures.optional(),
  samples: z.number().min(0),
  absent: z.number().min(0),
  sentBytes: z.number().min(0),
  seconds: z.number().min(0),
  rejected: z.record(z.string().max(64), z.number().min(0)),
  peers: z
    .array(
      z.strictObject({
        failed: z.boolean(),
        tested: tested.optional(),
        /** Of merges: what was usual in the last few. */
        usual: z.array(z.number().positive()).max(remembered),
        /** Of merges: the head before the last one, in a file of its own, and the loss of the training that made it. */
        before: z.strictObject({ digest, loss: z.number().nullable() }).optional(),
        model: digest,
        mixture: digest.optional(),
        /** The heads that it holds, as places in `heads`. */
        experts: z.array(z.int().min(0)).max(100_000).optional(),
      }),
    )
    .min(1)
    .max(100_000),
  /** The heads in the file `heads`, in that order. */
  heads: z
    .array(z.strictObject({ peer: z.string().max(128), name: z.string().max(64).optional(), round: z.int().min(0) }))
    .optional(),
  headsDigest: digest.optional(),
})

export type Kept = z.output<typeof runSchema>
export type KeptMixture = ReturnType<PeerMixture['kept']>

/** What a run's figures are after its whole rounds. */
export interface SavedFigures {
  readonly rounds: number
  readonly last: RoundFigures
  readonly lastTested: RoundFigures | undefined
  readonly samples: number
  readonly absent: number
  readonly sentBytes: number
  readonly seconds: number
  readonly rejected: Readonly<Record<string, number>>
}

/** A run after its whole rounds. */
export interface SavedRun extends SavedFigures {
  readonly peers: readonly {
    readonly failed: boolean
    readonly tested: Tested | undefined
    readonly parameters: Float32Array
    /** See `Belief`. */
    readonly usual: readonly number[]
    readonly unmerged?: Unmerged
    readonly mixture?: KeptMixture
  }[]
}

export const statePath = (folder: string): string => join(folder, 'state')
export const roundName = /^round-(\d{1,7})$/

/** Latest first. */
export async function wholeRounds(path: string): Promise<number[]> {
  const rounds = (await readdir(path)).flatMap(name => roundName.exec(name)?.slice(1) ?? [])
  return rounds.map(Number).sort((a, b) => b - a)
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

export function bytesOf(values: Float32Array | Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
