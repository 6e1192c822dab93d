import * as z from 'zod'
import { orOneWord } from '../validation.js'

/** How the numbers of the mixing matrix follow from the graph (ALGORITHMS.md 3.1); `own`: it brings them along. */
export type Weights = 'uniform' | 'metropolis-hastings' | 'own'

/** No simulation or federation of ours comes near; a full graph of more would fill the memory with edges. */
export const peersLimit = 1024

const weights = z.enum(['metropolis-hastings', 'uniform'])
/** Metropolis and Hastings is doubly stochastic on every undirected graph and needs only the neighbours' degrees. */
const undirectedWeights = weights
  .default('metropolis-hastings')
  .meta({ says: 'How much each head counts: by the degrees of both ends, or all alike' })
const directedWeights = weights
  .default('uniform')
  .refine(value => value === 'uniform', 'metropolis-hastings needs edges that go both ways; use uniform')
  .meta({ says: 'How much each head counts: all alike, as edges go one way' })

const undirected = { weights: undirectedWeights }
const directed = { weights: directedWeights }
/** A function of the number of peers, which changes in the field: it cannot be settled. */
const side = z
  .int()
  .min(1)
  .max(peersLimit)
  .optional()
  .meta({ says: 'How many rows; left out, as square as the number of peers allows' })
const peer = z
  .int()
  .min(0)
  .max(peersLimit - 1)

const oneWay = z.boolean().default(false).meta({ says: 'Do heads go one way only?' })

/** Edges for every pair of the most peers there can be would be half a million; a file of pairs is written by hand. */
const edgesLimit = 16_384

const kinds = [
  z.strictObject({ kind: z.literal('ring'), ...undirected }).meta({ says: 'Everyone to two; cheapest' }),
  z.strictObject({ kind: z.literal('line'), ...undirected }).meta({ says: 'Everyone to two but the ends' }),
  z.strictObject({ kind: z.literal('star'), ...undirected }).meta({ says: 'Everyone to one in the middle' }),
  z.strictObject({ kind: z.literal('tree'), ...undirected }).meta({ says: 'Everyone to one above and two below' }),
  z
    .strictObject({ kind: z.literal('grid'), rows: side, ...undirected })
    .meta({ says: 'Everyone to four but the edge' }),
  z.strictObject({ kind: z.literal('torus'), rows: side, ...undirected }).meta({ says: 'Everyone to four' }),
  z.strictObject({ kind: z.literal('full'), ...undirected }).meta({ says: 'Everyone to everyone; for a few peers' }),
  z
    .strictObject({
      kind: z.literal('random-regular'),
      // Four works for every number of peers above four; three, the least that makes an expander, only for even.
      degree: z
        .int()
        .min(1)
        .max(peersLimit - 1)
        .default(4)
        .meta({ says: 'Neighbours of each peer' }),
      ...undirected,
    })
    .meta({ says: 'Everyone to four, drawn at random' }),
  z
    .strictObject({
      kind: z.literal('erdos-renyi'),
      // Left out, 2·ln(m)/m: twice the threshold above which such a graph is almost surely connected. A function of the
      // number of peers, which changes in the field: it cannot be settled.
      probability: z
        .number()
        .gt(0)
        .max(1)
        .optional()
        .meta({ says: 'Of each edge; left out, twice what almost surely connects all', example: 0.5 }),
      ...undirected,
    })
    .meta({ says: 'Each edge by chance' }),
  z
    .strictObject({
      kind: z.literal('watts-strogatz'),
      neighbours: z
        .int()
        .min(2)
        .max(peersLimit)
        .multipleOf(2, 'must be even: as many on either side')
        .default(4)
        .meta({ says: 'Of each peer on the ring before some edges are rewired: an even number' }),
      // A tenth rewired already makes the paths short: https://doi.org/10.1038/30918, figure 2.
      rewire: z.number().min(0).max(1).default(0.1).meta({ says: 'Share of the edges that are rewired' }),
      ...undirected,
    })
    .meta({ says: 'A ring with shortcuts' }),
  z.strictObject({ kind: z.literal('exponential'), ...directed }).meta({ says: 'Everyone to log2(n); mixes fast' }),
  z
    .strictObject({ kind: z.literal('one-peer-exponential'), ...directed })
    .meta({ says: 'Everyone to one, another each round' }),
  z
    .strictObject({ kind: z.literal('one-peer-hypercube') })
    .meta({ says: 'Everyone to one, another each round; all agree exactly; for 2, 4, 8, … peers' }),
  z
    .strictObject({
      kind: z.literal('base-k'),
      // One is the least there can be, and exact all the same.
      degree: z
        .int()
        .min(1)
        .max(peersLimit - 1)
        .default(1)
        .meta({ says: 'Most neighbours of a peer in a round' }),
    })
    .meta({ says: 'Everyone to one, another each round; all agree exactly, however many they are' }),
  z
    .strictObject({ kind: z.literal('random-pairs') })
    .meta({ says: 'Everyone to one, drawn anew each round; of an odd number one is alone' }),
  z
    .strictObject({
      kind: z.literal('epidemic'),
      draws: z
        .enum(['oracle', 'local'])
        .default('oracle')
        .meta({ says: 'oracle (all hear as many as they send to), or local (each draws whom it sends to)' }),
      degree: z
        .int()
        .min(1)
        .max(peersLimit - 1)
        .default(4)
        .meta({ says: 'To how many each sends in a round; among fewer peers, to all' }),
    })
    .meta({ says: 'Everyone to four, drawn anew each round' }),
  z
    .strictObject({
      kind: z.literal('equitopo'),
      // Left out, ⌈log₂ m⌉, with which it costs what the exponential graph does. A function of the number of peers,
      // which changes in the field: it cannot be settled.
      offsets: z
        .int()
        .min(1)
        .max(peersLimit - 1)
        .optional()
        .meta({ says: 'To how many each sends, twice that both ways; left out, log2(n)', example: 4 }),
      directed: oneWay,
    })
    .meta({ says: 'Everyone to those some places on, which are drawn; mixes as fast however many there are' }),
  z
    .strictObject({
      kind: z.literal('one-peer-equitopo'),
      directed: oneWay,
      // With θ = 1 the expected contraction of a round is 0.97 for 64 peers, with ½ about ½: ALGORITHMS.md 3.4.
      theta: z.number().gt(0).max(1).default(0.5).meta({ says: 'How much the other’s head counts, nearly' }),
    })
    .meta({ says: 'Everyone to one, some places on, drawn anew each round' }),
  z
    .strictObject({
      kind: z.literal('edges'),
      edges: z
        .array(z.tuple([peer, peer]))
        .min(1)
        .max(edgesLimit)
        .meta({
          says: 'Pairs of peers, counted from 0',
          example: [
            [0, 1],
            [1, 2],
          ],
        }),
      ...undirected,
    })
    .meta({ says: 'Your own edges' }),
] as const

/** Every topology that has a name. */
export const topologyKinds = kinds.map(kind => kind.shape.kind.value)

const objectSchema = z.discriminatedUnion('kind', kinds)

/**
 * The manifest's section `topology`: a name such as `ring`, or an object with that name as `kind` and its options.
 * Comes out as the object, with its defaults filled in.
 */
export const topologySchema = orOneWord('kind', objectSchema)

/** A topology with all its options, as yet without peers. */
export type TopologySpec = z.output<typeof topologySchema>
