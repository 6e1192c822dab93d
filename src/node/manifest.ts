import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import * as z from 'zod'
import { codecNames, encodingSchema, settledEncoding } from '../codec/index.js'
import {
  type Dataset,
  dataSchema,
  measureOf,
  partitionSchema,
  primariesOf,
  primaryNames,
  shippedSets,
  taskSchema,
} from '../data/index.js'
import { modelSchema, type TrainingSpec, trainingSchema } from '../learner/index.js'
import { ruleSchema, stalenessSchema } from '../merge/index.js'
import {
  axisProblems,
  countsByAge,
  defaultMethod,
  type ManifestFacts,
  masksSchema,
  methodNames,
  methodOf,
  reputationSchema,
  sectionSchema,
} from '../methods/index.js'
import { privacySchema } from '../privacy/index.js'
import { exchangeSchema, peersLimit, settledExchange, topologySchema } from '../topology/index.js'
import { orOneWord, validate } from '../validation.js'
import { readYaml } from '../yaml.js'
import { limitsSchema } from './limits-schema.js'
import { unnoisedData } from './unnoised-data.js'

/** Bounds a typing error. */
const roundsLimit = 1_000_000

/** How often peers test their models. Rarer tests suit a model whose round trains for 1 s and whose test takes 2 s. */
const evaluationSchema = z.strictObject({
  every: z
    .int()
    .min(1)
    .max(roundsLimit)
    .default(1)
    .meta({ says: 'Rounds from one test to the next; the last round is always tested' }),
  // In the field every peer has its own test set.
  on: z.enum(['common', 'own']).default('common').meta({
    says: 'In a simulation: common (the whole test set) or own (what is like the own data)',
  }),
  // Decides no model. It is in the run's id as the others of this section are, because all peers of a run show the same.
  primary: z.enum(primaryNames).optional().meta({
    says: 'The figure that is shown first; left out, accuracy, which is R² of numbers and PSNR of images',
  }),
})

/** Small enough for a laptop's WebAssembly, and convolutional, which suits images. */
export const defaultModel = 'cnn'

/** For rows of a table, which have no neighbouring values to convolve. */
export const defaultModelOfRows = 'mlp'

/** Many more than the peers that begin a run; all others are invited. */
const foundersLimit = 64

/** Families of models, times a few widths of each. */
const modelsLimit = 64

/** Which peers may take part, where that is not everybody who knows the address. */
const accessSchema = z.strictObject({
  founders: z
    .array(z.string().refine(isPeerId, 'must be a peer id, 12D3Koo…, as hearsay id prints it'))
    .min(1)
    .max(foundersLimit)
    .meta({ says: 'Peer ids, as hearsay id prints them, of those that may invite others' }),
})

function isPeerId(text: string): boolean {
  try {
    return text.length < 100 && peerIdFromString(text).type === 'Ed25519'
  } catch {
    return false
  }
}

export const seedSchema = z
  .int()
  .min(0)
  .max(2 ** 32 - 1)

/** Version of the manifest's format. It changes with the meaning of a field and with the way one is settled. */
const format = 1

/** In the order of a manifest for people: what is learned, by whom, how they train, how they gossip, and the bounds. */
const sections = () =>
  z.strictObject({
    format: z
      .literal(format, `must be ${format}, which this version of Hearsay reads`)
      .default(format)
      .meta({ says: 'Of this file: another version of Hearsay may read its fields otherwise' }),
    data: orOneWord('set', dataSchema).prefault('pneumoniamnist').meta({
      says: 'What is learned from. A peer in the field brings its own; it must fit this description.',
    }),
    task: taskSchema.optional().meta({
      says: 'What the data of all peers look like; start fills in what is missing, a simulation needs none.',
    }),
    partition: orOneWord('kind', partitionSchema).optional().meta({
      says: 'How a simulation deals the training samples; also the share of a peer that brings a built-in set.',
    }),
    peers: z.int().min(1).max(peersLimit).optional().meta({
      says: 'How many peers a simulation has, and into how many shares a set is cut; left out, as the set has, or 8',
    }),
    minPeers: z
      .int()
      .min(1)
      .max(peersLimit)
      .default(2)
      .meta({ says: 'How many must be there before a run in the field begins; a simulation ignores it' }),
    model: modelSchema.prefault(defaultModel).meta({ says: 'What is trained.' }),
    // A peer that joins may bring another: `--model`.
    models: z.array(modelSchema).min(1).max(modelsLimit).optional().meta({
      says: 'Where peers keep models of their own: bodies of the peers in turn, whose heads must be alike',
    }),
    share: z.string().min(1).max(200).optional().meta({
      says: 'What peers hand to each other: all, head, body, or the first shared layer; left out, as the method has it',
    }),
    mode: z.enum(['sync', 'async']).default('sync').meta({
      // Two runs of an async manifest differ.
      says: 'sync: a merge waits for the heads of its round, until a deadline; async: nobody waits',
    }),
    staleness: stalenessSchema.optional().meta({ says: 'With mode: async: how a head counts by its age.' }),
    // Only what travels is rounded: a peer merges its own head as it is. Two peers then no longer take quite the same
    // mean, so on a full graph too the consensus distance stays a little above 0, where f32 reaches it.
    encoding: encodingSchema().prefault('f32').meta({ says: 'How the numbers of what is shared travel.' }),
    rounds: z.int().min(1).max(roundsLimit).default(10).meta({ says: 'Rounds of training, exchange and merge' }),
    training: trainingSchema.prefault({}).meta({ says: 'What a peer does between two exchanges.' }),
    merge: sectionSchema().prefault(defaultMethod).meta({
      says: 'The method: how peers train, and how what is received becomes part of the own model.',
    }),
    believe: ruleSchema.optional().meta({
      says: 'Whom to believe: a rule that bounds what some peers can do that lie; left out, all within limits.',
    }),
    reputation: reputationSchema.optional().meta({
      says: 'What neighbours are worth in the long run: show it, or also mute for ten rounds those who do harm',
      example: 'show',
    }),
    privacy: privacySchema.optional().meta({
      says: 'Where what a peer hands over may tell only so much of any one of its records, or of all: by noise.',
    }),
    masks: masksSchema.optional().meta({
      says: 'Where neighbours are to learn the sum of heads and no single one.',
    }),
    topology: topologySchema.prefault('ring').meta({ says: 'Which peers hand heads to which.' }),
    exchange: exchangeSchema.prefault('every').meta({
      says: 'When peers exchange: in every round, every so many, more densely for a while, or once at the end.',
    }),
    evaluation: evaluationSchema.prefault({}).meta({ says: 'Testing of the models.' }),
    limits: limitsSchema.prefault({}).meta({ says: 'What a peer waits for, and what it accepts.' }),
    access: accessSchema.optional().meta({
      says: 'Where a run is by invitation: only these peers take part, and those that they invite.',
    }),
    seed: seedSchema.default(1).meta({ says: 'Decides everything random: the same seed, the same numbers' }),
  })

/**
 * A whole run: everything that determines its numbers, and nothing else. Backend, transport, port and run folder depend
 * on the machine and are left out. The output is settled: parsing it again changes nothing.
 */
const schemaOf = () =>
  sections()
    .superRefine(({ data, training, ...axes }, context) => {
      if (data.superResolution !== undefined && training.augment !== undefined) {
        const message = 'does not go with data.superResolution; remove one of the two'
        context.addIssue({ code: 'custom', path: ['training', 'augment'], message })
      }
      const { primary = 'accuracy' } = axes.evaluation
      const choices = primariesOf(measureOf(data))
      if (!choices.includes(primary)) {
        const message = `is no figure of what is learned here; allowed: ${choices.join(', ')}`
        context.addIssue({ code: 'custom', path: ['evaluation', 'primary'], message })
      }
      const facts = factsOf({ ...axes, data, training })
      const ofData = facts.isPrivate ? unnoisedData(data, facts.isOfContribution) : []
      for (const { path, message } of [...ofData, ...axisProblems({ ...axes, ...facts })]) {
        context.addIssue({ code: 'custom', path: [...path], message })
      }
    })
    .transform(settled)

function factsOf(manifest: z.output<ReturnType<typeof sections>>): ManifestFacts {
  const { training, mode, exchange, believe, reputation, data, privacy, masks, encoding } = manifest
  const isPrivate = privacy !== undefined
  const isOfContribution = privacy?.of === 'contribution'
  const isMasked = masks !== undefined
  const isOf = { isOfValues: isOfValues(data), isOfContribution }
  const remembers = encoding.memory !== undefined
  return { training, mode, exchange, believe, reputation, ...isOf, isPrivate, isMasked, remembers }
}

/** Fills in the defaults that depend on other fields: the result holds every number that determines the run's. */
function settled(manifest: z.output<ReturnType<typeof sections>>) {
  const { merge, mode, staleness } = manifest
  const shipped = shippedSets[manifest.data.set]
  const method = methodOf(merge)
  // Data without classes cannot be dealt by class.
  const dealt = isOfValues(manifest.data) ? { kind: 'iid' } : (shipped?.partition ?? { kind: 'dirichlet' })
  // Where a run names the column that contains the owner of a row, rows are dealt by it.
  const usual = manifest.data.peerColumn === undefined ? dealt : { kind: 'natural' }
  const facts = factsOf(manifest)
  const { share = 'all', models } = method.needs
  const peers = manifest.peers ?? shipped?.peers ?? 8
  return {
    ...manifest,
    encoding: settledEncoding(manifest.encoding),
    merge: method.settle(merge, facts),
    share: manifest.share ?? share,
    training: settledTraining(facts),
    peers,
    exchange: settledExchange(manifest.exchange, peers),
    partition: manifest.partition ?? partitionSchema.parse(usual),
    ...(mode === 'async' && countsByAge(manifest) && { staleness: stalenessSchema.parse(staleness ?? {}) }),
    // Peers that keep models of their own may each standardise in their own way.
    ...(models === 'own' && { data: { ...manifest.data, standardise: manifest.data.standardise ?? 'own' } }),
  }
}

function settledTraining({ training, isOfValues }: Pick<ManifestFacts, 'training' | 'isOfValues'>): TrainingSpec {
  // Softmax bounds the gradient of its outputs, a squared error does not: without a bound the models of 200 units
  // diverged on tables at the default learning rate.
  const clip = training.clip ?? (isOfValues ? 1 : undefined)
  const length = training.steps === undefined && training.pace === undefined ? { epochs: training.epochs ?? 1 } : {}
  return { ...training, ...length, ...(clip !== undefined && { clip }) }
}

/** Are numbers learned, not classes? */
export function isOfValues(data: Parameters<typeof measureOf>[0]): boolean {
  return measureOf(data) !== 'accuracy'
}

let known = { names: -1, schema: undefined as ReturnType<typeof schemaOf> | undefined }

/** The schema of the manifest, with every method and codec that is known so far. */
export function manifestSchema(): ReturnType<typeof schemaOf> {
  const names = methodNames().length + codecNames().length
  if (known.names !== names) known = { names, schema: schemaOf() }
  return known.schema!
}

/** A manifest with every default filled in. */
export type Manifest = z.output<ReturnType<typeof schemaOf>>
/** A manifest as a person writes it. */
export type ManifestInput = z.input<ReturnType<typeof schemaOf>>

/** Checks a manifest that is already an object. `source` is its name in errors. */
export function parseManifest(value: unknown, source = 'manifest'): Manifest {
  return validate(manifestSchema(), value, source, 'MANIFEST')
}

/** Is the value a valid manifest? */
export function isManifest(value: unknown): boolean {
  return manifestSchema().safeParse(value).success
}

/** The manifest with what only the data determine, so that it is part of the run's id: how inputs are standardised. */
export function withStandardise(manifest: Manifest, { standardise }: Pick<Dataset, 'standardise'>): Manifest {
  if (manifest.data.standardise !== undefined || typeof standardise !== 'string') return manifest
  return { ...manifest, data: { ...manifest.data, standardise } }
}

/** The contents of a manifest file, checked, but as written: without the defaults. */
export async function readManifestFile(path: string): Promise<unknown> {
  const { value, locate } = await readYaml(path, 'MANIFEST')
  validate(manifestSchema(), value ?? {}, path, 'MANIFEST', locate)
  return value ?? {}
}

/** The founders of a run by invitation; undefined where everybody who knows the address may take part. */
export function foundersOf({ access }: Manifest): PeerId[] | undefined {
  return access?.founders.map(founder => peerIdFromString(founder))
}
