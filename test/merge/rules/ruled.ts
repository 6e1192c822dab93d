import {
  contributions,
  createRuling,
  type Ruled,
  type RuleInput,
  type Ruling,
  ruleSchema,
} from '../../../src/merge/index.js'
import type { MergeToRule } from '../../../src/merge/rules/index.js'
import { squaredNorm } from '../../../src/tensors/index.js'
import { inPieces } from '../../../src/turns.js'

export interface Vectors {
  readonly own: readonly number[]
  readonly others: readonly (readonly number[])[]
}

/** What a test sets otherwise than in a first round with equal weights, in which nobody is found to lie. */
export interface Settings extends Partial<Pick<MergeToRule, 'step' | 'found' | 'moved' | 'progress' | 'lossOf'>> {
  /** w_ij by place in `others`; the own weight is what is left. */
  readonly weights?: readonly number[]
  /** The own number: neighbours have those around it, in the order given. */
  readonly self?: number
  /** In which order the vectors came, as places in `others`. */
  readonly arrival?: readonly number[]
}

export function rulingOf(section: RuleInput): Ruling {
  return createRuling(ruleSchema.parse(section))
}

/** One merge by a rule, which then stands. */
export async function merged(
  ruling: Ruling,
  vectors: Vectors,
  settings: Settings = {},
): Promise<Ruled & { x: number[] }> {
  const { self = 0, step = 0, found = 0, moved = 0, progress = 0, lossOf = async () => 0 } = settings
  const own = Float32Array.from(vectors.own)
  const { arrival = [...vectors.others.keys()] } = settings
  const peerAt = (place: number): number => (place < self ? place : place + 1)
  const others = new Map(arrival.map(place => [peerAt(place), Float32Array.from(vectors.others[place]!)]))
  const equal = 1 / (1 + others.size)
  const from = vectors.others.map((_, place) => ({ peer: peerAt(place), weight: settings.weights?.[place] ?? equal }))
  const row = { self: from.reduce((left, { weight }) => left + (equal - weight), equal), from }
  const parts = contributions(row, self, own, others)
  const measure = ruling.measure({ self, own, others })
  for (const add of measure.rows) add(0, own.length)
  const norm = Math.sqrt(squaredNorm(own))
  const ruled = await ruling.rule({ parts, self, measure, norm, moved, progress, step, found, lossOf, inPieces })
  const out = new Float32Array(own.length)
  ruled.write(out, 0, out.length)
  ruled.settle()?.set(out)
  return { ...ruled, x: [...out] }
}

/** The same with a rule that has kept nothing yet. */
export async function once(section: RuleInput, vectors: Vectors, settings?: Settings): Promise<number[]> {
  return (await merged(rulingOf(section), vectors, settings)).x
}
