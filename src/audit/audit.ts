import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { HearsayError } from '../errors.js'
import { createLearnerPool, type LearnerPool } from '../learner/index.js'
import { modulesOf } from '../methods/index.js'
import { sameLayout } from '../tensors/index.js'
import type { Audited } from './audited.js'
import { type Inversion, invertUpdates, updatesOf } from './inversion/attack.js'
import { updateOf } from './inversion/update.js'
import { type Matched, matched } from './matched.js'
import { inferMembership, type MembershipResult } from './membership/attack.js'
import { type AuditOptions, type AuditProgress, type Effort, effortOf } from './options.js'
import { copied, type Recipe, recipeOf } from './recipe.js'
import { type Seen, seenIn } from './seen.js'

/** What an audit has found. */
export interface AuditFindings extends MembershipResult {
  /** What a neighbour saw, in words. */
  readonly seen: string
  /** Models in the sum that it saw: 1 where each comes by itself. */
  readonly models: number
  /** On each side: members, and others of the same classes. */
  readonly records: number
  readonly shadows: number
  readonly inversions: readonly Inversion[]
}

/**
 * Attacks a peer as a neighbour could that hears it: tells members from others, and reconstructs inputs.
 *
 * What is attacked is what the peer would hand over in one more round: its model, trained on its own records and not yet
 * merged. Nothing of that leaves this process, so that it costs no budget of privacy.
 *
 * @throws {@link HearsayError} `DATA` where there are too few records, `USAGE` for a sum of one model, `RUN` where this
 *   version builds another model; the signal's reason
 */
export async function auditPeer(audited: Audited, options: AuditOptions = {}): Promise<AuditFindings> {
  const { seed = 0, signal, backend = 'auto', workers } = options
  const effort = effortOf(options)
  const seen = await seenIn(audited, options.seen)
  const records = matched(audited.members, audited.others, effort.records, seed)
  const { manifest, model, classes, objective } = audited
  const pool = await createLearnerPool(
    {
      backend,
      ...(workers !== undefined && { workers }),
      models: [model],
      classes,
      objective,
      seed: manifest.seed,
      modules: [...modulesOf(manifest.merge), auditModule()],
    },
    signal && { signal },
  )
  try {
    mustBeBuilt(pool, audited)
    return await findingsOf({ audited, pool, effort, seen, records, options })
  } finally {
    await pool.close()
  }
}

/** An audit's jobs, for the threads of a pool. */
function auditModule(): URL {
  return pathToFileURL(createRequire(import.meta.url).resolve('#audit/module'))
}

function mustBeBuilt({ models: [model] }: LearnerPool, { layout, name }: Audited): void {
  if (sameLayout(model.layout, layout)) return
  throw new HearsayError(
    'RUN',
    `the model of ${name} is not the one that this version of Hearsay builds; use the version that trained it`,
  )
}

interface Known {
  readonly audited: Audited
  readonly pool: LearnerPool
  readonly effort: Effort
  readonly seen: Seen
  readonly records: Matched
  readonly options: AuditOptions
}

async function findingsOf({ audited, pool, effort, seen, records, options }: Known): Promise<AuditFindings> {
  const { seed = 0, signal, membershipOnly = false } = options
  const [model] = pool.models
  const recipe = recipeOf(audited.manifest, model)
  const tell = teller(effort, membershipOnly, options.onProgress)
  const common = { audited, model, recipe, matched: records, seen, seed, signal }
  tell('handing over', 0)
  const moves = await handedOver(audited, seen, recipe, signal)
  const [handed, ...others] = moves.map(({ after }) => after) as [Float32Array, ...Float32Array[]]
  tell('shadow models')
  const membership = await inferMembership({
    ...common,
    handed,
    others,
    shadows: effort.shadows,
    onShadow: () => tell('shadow models'),
  })
  const inversions = membershipOnly
    ? []
    : await invertUpdates({
        ...common,
        pool,
        roundUpdate: updateOf(seen, moves, recipe.learningRate),
        iterations: effort.iterations,
        singles: effort.singles,
        onUpdate: () => tell('reconstruction'),
      })
  return {
    ...membership,
    seen: seen.says,
    models: seen.company.length + 1,
    records: records.size,
    shadows: effort.shadows,
    inversions,
  }
}

/** The peer, and those in the sum with it, before and after one more round of local training. */
async function handedOver(
  { parameters, members, standardisation, number, manifest }: Audited,
  { company }: Seen,
  recipe: Recipe,
  signal: AbortSignal | undefined,
): Promise<{ before: Float32Array; after: Float32Array }[]> {
  const peer = { parameters, data: { samples: members.samples, standardisation }, number }
  const { rounds } = manifest
  return Promise.all(
    [peer, ...company].map(async ({ parameters: before, data, number }) => {
      const after = copied(before)
      await recipe.train(after, data, number, { from: rounds, to: rounds + 1 }, signal)
      return { before, after }
    }),
  )
}

type Tell = (doing: AuditProgress['doing'], steps?: number) => void

function teller(effort: Effort, membershipOnly: boolean, onProgress: AuditOptions['onProgress']): Tell {
  const of = 1 + effort.shadows + (membershipOnly ? 0 : updatesOf(effort))
  let done = 0
  return (doing, steps = 1) => {
    done += steps
    onProgress?.({ doing, done: Math.min(done, of), of })
  }
}
