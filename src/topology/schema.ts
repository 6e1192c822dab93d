import * as z from 'zod'

/** How the numbers of the mixing matrix follow from the graph (ALGORITHMS.md 3.1). */
export type Weights = 'uniform' | 'metropolis-hastings'

/** No simulation or federation of ours comes near; a full graph of more would fill the memory with edges. */
export const peersLimit = 1024

const weights = z.enum(['metropolis-hastings', 'uniform'])
/** Metropolis and Hastings is doubly stochastic on every undirected graph and needs only the neighbours' degrees. */
const undirectedWeights = weights.default('metropolis-hastings')
const directedWeights = weights
  .default('uniform')
  .refine(value => value === 'uniform', 'metropolis-hastings needs edges that go both ways; use uniform')

const undirected = { weights: undirectedWeights }
const directed = { weights: directedWeights }
const side = z.int().min(1).max(peersLimit).optional()
const peer = z
  .int()
  .min(0)
  .max(peersLimit - 1)

/** Edges for every pair of the most peers there can be would be half a million; a file of pairs is written by hand. */
const edgesLimit = 16_384

const kinds = [
  z.strictObject({ kind: z.literal('ring'), ...undirected }),
  z.strictObject({ kind: z.literal('line'), ...undirected }),
  z.strictObject({ kind: z.literal('star'), ...undirected }),
  z.strictObject({ kind: z.literal('grid'), rows: side, ...undirected }),
  z.strictObject({ kind: z.literal('torus'), rows: side, ...undirected }),
  z.strictObject({ kind: z.literal('full'), ...undirected }),
  z.strictObject({
    kind: z.literal('random-regular'),
    /** Four works for every number of peers above four; three, the least that makes an expander, only for even. */
    degree: z
      .int()
      .min(1)
      .max(peersLimit - 1)
      .default(4),
    ...undirected,
  }),
  z.strictObject({
    kind: z.literal('erdos-renyi'),
    /** Left out, 2·ln(m)/m: twice the threshold above which such a graph is almost surely connected. */
    probability: z.number().gt(0).max(1).optional(),
    ...undirected,
  }),
  z.strictObject({
    kind: z.literal('watts-strogatz'),
    neighbours: z.int().min(2).max(peersLimit).multipleOf(2, 'must be even: as many on either side').default(4),
    /** A tenth rewired already makes the paths short: https://doi.org/10.1038/30918, figure 2. */
    rewire: z.number().min(0).max(1).default(0.1),
    ...undirected,
  }),
  z.strictObject({ kind: z.literal('exponential'), ...directed }),
  z.strictObject({ kind: z.literal('one-peer-exponential'), ...directed }),
  z.strictObject({
    kind: z.literal('edges'),
    edges: z
      .array(z.tuple([peer, peer]))
      .min(1)
      .max(edgesLimit),
    ...undirected,
  }),
] as const

/** Every topology that has a name. */
export const topologyKinds = kinds.map(kind => kind.shape.kind.value)

const objectSchema = z.discriminatedUnion('kind', kinds)

/**
 * The manifest's section `topology`: a name such as `ring`, or an object with that name as `kind` and its options.
 * Comes out as the object, with its defaults filled in.
 */
export const topologySchema = z.preprocess(
  (input: string | z.input<typeof objectSchema>) => (typeof input === 'string' ? { kind: input } : input),
  objectSchema,
)

/** A topology with all its options, as yet without peers. */
export type TopologySpec = z.output<typeof topologySchema>
