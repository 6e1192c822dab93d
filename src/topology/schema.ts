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

const objectSchema = z.discriminatedUnion('kind', kinds, {
  error: issue => (issue.code === 'invalid_union' ? unknownKind(issue.input) : undefined),
})

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

function unknownKind(input: unknown): string {
  const kind = (input as { kind?: unknown } | null)?.kind
  const allowed = `allowed: ${topologyKinds.join(', ')}`
  if (kind === undefined) return `is missing; ${allowed}`
  const close = typeof kind === 'string' ? nearest(kind, topologyKinds) : undefined
  return `there is no topology ${JSON.stringify(kind)}; ${close === undefined ? '' : `did you mean "${close}"? `}${allowed}`
}

/** The word that a misspelt one was most likely meant to be: fewest letters changed, and at most a third of them. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  // A hostile file may hold a very long word; no name of ours is near it, and the comparison is quadratic.
  if (word.length > 64) return undefined
  const ranked = allowed
    .map(name => ({ name, changes: changesBetween(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, changes }) => changes <= Math.ceil(name.length / 3))
    .sort((a, b) => a.changes - b.changes)
  return ranked[0]?.name
}

/** Levenshtein's distance: letters put in, taken out or exchanged. */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
