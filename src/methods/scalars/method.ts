import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'
import { largestScalar } from '../../codec/index.js'
import { bundleShape, layoutOf } from '../../tensors/index.js'
import type { ManifestFacts, Method, Problem } from '../method.js'
import { createLogSession } from './session.js'

/** As many as a record of the log holds (gossip/log/protocol.ts). */
const samplesLimit = 4096
const snapshotLimit = 1024

const schema = z.strictObject({
  method: z.literal('one-byte'),
  // The published code's number.
  samples: z.int().min(1).max(samplesLimit).default(30).meta({
    says: 'Slopes that a peer measures in a round, each along a direction and on a batch of its own: a byte each',
  }),
  // 1e-3 is the paper's, for language models; for heads the difference of two losses should be above float32's rounding.
  epsilon: z.number().min(1e-6).max(1).default(0.01).meta({
    says: 'How far each number of the model is moved, to either side, to measure a slope',
  }),
  // Of honest peers hardly any: a slope is about as large as the gradient is long.
  limit: z.number().positive().max(largestScalar).default(100).meta({
    says: 'A steeper slope counts as this: the most that a byte of a peer that lies can do',
  }),
  snapshot: z.int().min(1).max(snapshotLimit).default(16).meta({
    says: 'Rounds from one snapshot to the next; the log reaches back one to two of them, and lets in no older news',
  }),
})

type OneByte = z.output<typeof schema>

/**
 * Just One Byte: a gradient is published as a seed and a scalar. A direction follows from peer, round and place; of a
 * two-point estimate only the slope along it travels, a byte. All peers take the same steps, so all have the same model to
 * the last bit (ALGORITHMS-2.md 10).
 */
export const oneByte: Method<OneByte> = {
  name: 'one-byte',
  says: 'publish a byte for each gradient; all peers have one model, bit for bit',
  paper: {
    title: 'Just One Byte (per gradient): A Note on Low-Bandwidth Decentralized Language Model Finetuning',
    arxiv: '2306.10015',
  },
  schema,
  road: 'log',
  // A slope means something only at the model that all have.
  needs: { mode: 'sync' },
  check: (_, facts) => problemsOf(facts),
  settle: section => section,
  local: () => ({ rho: 0, momentum: 0, oneStep: false }),
  plan: section => ({
    steps: 1,
    says: bundleShape({ scalars: layoutOf([{ name: 'scalars', shape: [section.samples] }]) }),
    snapshotEvery: section.snapshot,
    start: (context, { log }) => createLogSession(section, context, log),
  }),
  reports: { figures: { gradients: { label: 'gradients', unit: 'count' } } },
  modules: () => [pathToFileURL(createRequire(import.meta.url).resolve('#scalars/module'))],
}

function problemsOf({ training, believe, reputation, isPrivate, isOfValues }: ManifestFacts): Problem[] {
  const { epochs = 1, steps, clip, weightDecay, adaptive, augment } = training
  const problem = (path: readonly string[], message: string): Problem => ({ path, message })
  const noSteps = 'does not go with merge: one-byte, which takes no local steps'
  return [
    ...(steps !== undefined ? [problem(['training', 'steps'], `${noSteps}; use merge.samples`)] : []),
    ...(epochs !== 1 ? [problem(['training', 'epochs'], `${noSteps}; use merge.samples`)] : []),
    // Where numbers are learned, 1 is filled in for methods that take steps.
    ...(clip !== undefined && !isOfValues ? [problem(['training', 'clip'], `${noSteps}; use merge.limit`)] : []),
    ...(weightDecay > 0 ? [problem(['training', 'weightDecay'], `${noSteps}; remove it`)] : []),
    ...(adaptive ? [problem(['training', 'adaptive'], `${noSteps}; remove it`)] : []),
    ...(augment !== undefined ? [problem(['training', 'augment'], `${noSteps}; remove it`)] : []),
    ...(believe !== undefined
      ? [problem(['believe'], 'does not go with merge: one-byte, which merges no heads; merge.limit bounds each byte')]
      : []),
    ...(reputation !== undefined
      ? [problem(['reputation'], 'does not go with merge: one-byte, whose peers all count the same; remove it')]
      : []),
    ...(isPrivate
      ? [problem(['privacy'], 'does not go with merge: one-byte, whose slopes have no noise; use another method')]
      : []),
  ]
}
