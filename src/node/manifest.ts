import { createHash } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { Document, isCollection, isSeq } from 'yaml'
import * as z from 'zod'
import { codecName } from '../codec/index.js'
import { type Dataset, dataSchema, measureOf, partitionSchema, shippedSets, taskSchema } from '../data/index.js'
import { modelSchema, type TrainingSpec, trainingSchema } from '../learner/index.js'
import { stalenessSchema } from '../merge/index.js'
import { axisProblems, type ManifestFacts, methodCount, methodOf, sectionSchema } from '../methods/index.js'
import { peersLimit, topologySchema } from '../topology/index.js'
import { validate } from '../validation.js'
import { readYaml } from '../yaml.js'

/** Bounds a slip of the hand. */
const roundsLimit = 1_000_000

/** What a peer waits for and what it accepts, in the units of the name. */
export const limitsSchema = z.strictObject({
  /** How long the first round waits for the neighbours' presence before it begins without those who are missing. */
  joinSeconds: z.number().positive().max(3600).default(30),
  /**
   * How long one exchange waits for a neighbour that is connected and silent. A neighbour whose connection is lost
   * and who cannot be dialled is not waited for. Ample by default: on a busy machine a slow head still counts. In a simulation there is no limit.
   */
  exchangeSeconds: z.number().positive().max(86_400).default(120),
  /** A head with a larger 2-norm is refused: one absurd vector would drown every neighbour's. */
  headNorm: z.number().positive().default(1e4),
  /**
   * c: a head is not merged that lies further from the own one than so many times what is usual: what the own training
   * has moved in the round, or what neighbours' heads lie apart. In honest runs (docs/belief.md) at most 2.6 where it
   * lay outside `headRadius`; a sign-flipped model in the tens. In a mixture, whose heads are not averaged, the same for
   * a head's norm.
   */
  headDistance: z.number().min(1).default(5),
  /**
   * γ of BALANCE (arXiv 2406.10416): a head within so many times the own head's norm is merged, however little is
   * usual. In honest runs at most 0.48 where what is usual does not reach; a head of another direction lies beyond 1,
   * however short it is.
   */
  headRadius: z.number().min(0).default(0.5),
  /**
   * A merge is undone after which the loss on own samples is so many times that of training, or of an answer that knows
   * nothing (ln of the classes; 1 for numbers), whichever is larger. In honest runs at most 6.1: two classes a peer, with
   * momentum at a high learning rate; in all others 1.5.
   */
  lossIncrease: z.number().min(1).default(10),
})

/** How often peers test their models. A model that trains for a second a round and is tested for two wants it rarer. */
export const evaluationSchema = z.strictObject({
  /** Rounds from one test to the next, 1 being every round. The last round is always tested. */
  every: z.int().min(1).max(roundsLimit).default(1),
  /**
   * `common`: all peers of a simulation are tested on the whole test set. `own`: each on what is like its own data: the
   * classes it has, its own resolution, its own hospital. In the field everybody's test set is its own.
   */
  on: z.enum(['common', 'own']).default('common'),
})

/** Small enough for a laptop's WebAssembly, and a convolution, which images want. */
export const defaultModel = 'cnn'

/** For rows of a table, which have no neighbours to convolve. */
export const defaultModelOfRows = 'mlp'

/** The method of arXiv 2302.04083 that costs no more than plain averaging. */
export const defaultMerge = 'dfedsam'

/** A section that may be one word, which then is its main field: `data: digits`. */
function orOneWord<S extends z.ZodType>(field: string, section: S) {
  return z.preprocess((input: string | z.input<S>) => (typeof input === 'string' ? { [field]: input } : input), section)
}

/** Many more than those who begin a run; whoever else comes is invited. */
const foundersLimit = 64

/** Families of models, times a few widths of each. */
const modelsLimit = 64

/** Who may take part, where that is not everybody who knows the address. */
export const accessSchema = z.strictObject({
  /**
   * Peer ids, as `hearsay id` prints them. When this is there the run is by invitation: only these peers take part, and
   * whoever has an invitation that comes from one of them.
   */
  founders: z
    .array(z.string().refine(isPeerId, 'must be a peer id, 12D3Koo…, as hearsay id prints it'))
    .min(1)
    .max(foundersLimit),
})

function isPeerId(text: string): boolean {
  try {
    return text.length < 100 && peerIdFromString(text).type === 'Ed25519'
  } catch {
    return false
  }
}

/** Of the manifest. Another meaning of a field, or another way to settle one, is another format. */
const format = 1

const sections = () =>
  z.strictObject({
    format: z.literal(format, `must be ${format}, which this version of Hearsay reads`).default(format),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(1),
    /** @default what the data set is made for, else 8 */
    peers: z.int().min(1).max(peersLimit).optional(),
    /** How many peers must be there before a run in the field begins. A simulation has all of them and ignores it. */
    minPeers: z.int().min(1).max(peersLimit).default(2),
    rounds: z.int().min(1).max(roundsLimit).default(10),
    data: orOneWord('set', dataSchema).prefault('pneumoniamnist'),
    /** @default what the data set is made for, else Dirichlet 0.3 */
    partition: orOneWord('kind', partitionSchema).optional(),
    task: taskSchema.optional(),
    model: modelSchema.prefault(defaultModel),
    /**
     * For a mixture, whose peers may have bodies of their own: peer i has the i-th of these, from the first again where
     * they are fewer. All heads must have the same layout. Who joins may bring another: `--model`.
     */
    models: z.array(modelSchema).min(1).max(modelsLimit).optional(),
    /**
     * `all`, `head` (the model's own split), `body` (all but that) or the name of the layer where the head begins.
     * @default all; head for a mixture
     */
    share: z.string().min(1).max(200).optional(),
    /**
     * How the numbers of what is shared travel: whole (`f32`), in half the bytes (`bf16`, with the range of f32; `f16`,
     * eight times finer between 6e-5 and 65504) or in a quarter (`int8` with a scale for each tensor). Only what travels
     * is rounded: a peer merges its own head as it is. Two peers then no longer take quite the same mean, so on a full
     * graph too the consensus distance stays a little above 0, where f32 reaches it.
     */
    encoding: codecName.default('f32'),
    training: trainingSchema.prefault({}),
    merge: sectionSchema().prefault(defaultMerge),
    topology: topologySchema.prefault('ring'),
    /**
     * `sync`: a round's merge waits for the neighbours' heads of that round, until a deadline. `async`: nobody waits; a peer
     * merges the newest head that it has of each neighbour, by its age. Two runs of an async manifest differ.
     */
    mode: z.enum(['sync', 'async']).default('sync'),
    /** For `mode: async`. */
    staleness: stalenessSchema.optional(),
    evaluation: evaluationSchema.prefault({}),
    limits: limitsSchema.prefault({}),
    access: accessSchema.optional(),
  })

/**
 * One run, whole: everything that decides its numbers, and nothing that does not. Backend, transport, port and run
 * folder are a matter of the machine and stay out of it. What comes out is settled: reading it again changes nothing.
 */
const schemaOf = () =>
  sections()
    .superRefine(({ data, training, ...axes }, context) => {
      if (data.superResolution !== undefined && training.augment !== undefined) {
        const message = 'does not go with data.superResolution; remove one of the two'
        context.addIssue({ code: 'custom', path: ['training', 'augment'], message })
      }
      for (const { path, message } of axisProblems({ ...axes, training, isOfValues: isOfValues(data) })) {
        context.addIssue({ code: 'custom', path: [...path], message })
      }
    })
    .transform(settled)

/** Fills in what a field's default says by other fields: every number that decides the run's is then there. */
function settled(manifest: z.output<ReturnType<typeof sections>>) {
  const { merge, mode, staleness } = manifest
  const shipped = shippedSets[manifest.data.set]
  const method = methodOf(merge)
  // What has no classes cannot be dealt by class.
  const dealt = isOfValues(manifest.data) ? { kind: 'iid' } : (shipped?.partition ?? { kind: 'dirichlet' })
  // A run that names the column that says whose a row is wants the rows dealt so.
  const usual = manifest.data.peerColumn === undefined ? dealt : { kind: 'natural' }
  const facts = { training: manifest.training, mode, isOfValues: isOfValues(manifest.data) }
  const { share = 'all', models } = method.needs
  return {
    ...manifest,
    merge: method.settle(merge, facts),
    share: manifest.share ?? share,
    training: settledTraining(facts),
    peers: manifest.peers ?? shipped?.peers ?? 8,
    partition: manifest.partition ?? partitionSchema.parse(usual),
    ...(mode === 'async' && models !== 'own' && { staleness: stalenessSchema.parse(staleness ?? {}) }),
    // Peers that keep models of their own may see what they like.
    ...(models === 'own' && { data: { ...manifest.data, standardise: manifest.data.standardise ?? 'own' } }),
  }
}

function settledTraining({ training, isOfValues }: Pick<ManifestFacts, 'training' | 'isOfValues'>): TrainingSpec {
  // Softmax bounds the gradient of its outputs, a squared error does not: without a bound the models of 200 units
  // diverged on tables at the default learning rate.
  const clip = training.clip ?? (isOfValues ? 1 : undefined)
  const length = training.steps === undefined ? { epochs: training.epochs ?? 1 } : {}
  return { ...training, ...length, ...(clip !== undefined && { clip }) }
}

/** Are numbers learned, not classes? */
export function isOfValues(data: Parameters<typeof measureOf>[0]): boolean {
  return measureOf(data) !== 'accuracy'
}

let known = { methods: -1, schema: undefined as ReturnType<typeof schemaOf> | undefined }

/** Of every method that is known by now. */
export function manifestSchema(): ReturnType<typeof schemaOf> {
  if (known.methods !== methodCount()) known = { methods: methodCount(), schema: schemaOf() }
  return known.schema!
}

/** A manifest with every default filled in. */
export type Manifest = z.output<ReturnType<typeof schemaOf>>
/** A manifest as a person writes it. */
export type ManifestInput = z.input<ReturnType<typeof schemaOf>>

/** Checks a manifest that is already an object. `source` is what errors call it. */
export function parseManifest(value: unknown, source = 'manifest'): Manifest {
  return validate(manifestSchema(), value, source, 'MANIFEST')
}

/** The manifest with what only the data decide, so that it is part of the run's id: how inputs are standardised. */
export function withStandardise(manifest: Manifest, { standardise }: Pick<Dataset, 'standardise'>): Manifest {
  if (manifest.data.standardise !== undefined || typeof standardise !== 'string') return manifest
  return { ...manifest, data: { ...manifest.data, standardise } }
}

/** What a manifest file says, checked, but as it was written: without the defaults. */
export async function readManifestFile(path: string): Promise<unknown> {
  const { value, locate } = await readYaml(path, 'MANIFEST')
  validate(manifestSchema(), value ?? {}, path, 'MANIFEST', locate)
  return value ?? {}
}

/** The manifest as a file that reads back to the same run. */
export function manifestYaml(manifest: Manifest): string {
  return yamlOf(manifest)
}

/** The section `task` as a file, which is a part of a manifest. */
export function taskYaml(task: NonNullable<Manifest['task']>): string {
  const says =
    ' What the data look like, to be written into the manifest of a run: names of columns, categories and classes.\n'
  return `#${says}${yamlOf({ task })}`
}

/** Plain data, a column of the task on a line. */
function yamlOf(sections: Partial<Manifest>): string {
  const document = new Document(sections)
  const lines = [document.getIn(['task', 'classes']), document.getIn(['task', 'inputShape'])]
  const columns = document.getIn(['task', 'columns'])
  for (const node of isSeq(columns) ? [...lines, ...columns.items] : lines) if (isCollection(node)) node.flow = true
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

/** The manifest as every peer of its run has it, to the last byte: JSON, defaults filled in, keys sorted, no spaces. */
export function canonicalManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(canonical(manifest))
}

/** Who began a run by invitation; nothing where everybody may take part who knows the address. */
export function foundersOf({ access }: Manifest): PeerId[] | undefined {
  return access?.founders.map(founder => peerIdFromString(founder))
}

/** The run's id: SHA-256 of the canonical manifest. */
export function runIdOf(manifest: Manifest): Uint8Array {
  return createHash('sha256').update(canonicalManifest(manifest)).digest()
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isRecord(value)) {
    const fields = Object.keys(value)
      .filter(key => value[key] !== undefined)
      .sort()
      .map(key => `${JSON.stringify(key)}:${canonical(value[key])}`)
    return `{${fields.join(',')}}`
  }
  return JSON.stringify(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
