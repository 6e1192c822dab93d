import { HearsayError } from '../errors.js'
import { type HeadSection, headSection } from '../tensors/index.js'
import type { Audited, Companion } from './audited.js'
import { copied } from './recipe.js'

/** What of a model an audit lets a neighbour see; see {@link seenIn}. */
export const seenNames = ['all', 'head', 'sum'] as const
export type SeenName = (typeof seenNames)[number]

/** What a neighbour of the audited peer sees of what that peer would hand over. */
export interface Seen {
  /** The part of the model, of which the neighbour knows the numbers. */
  readonly section: HeadSection
  /** Is it the whole model? */
  readonly isWhole: boolean
  /** Peers whose models are in the sum, beside the audited one's: none where each comes by itself. */
  readonly company: readonly Companion[]
  /** What the neighbour puts in place of the rest. */
  readonly rest: Float32Array
  /** In words, for people. */
  readonly says: string
}

/**
 * What a neighbour sees.
 *
 * @param name - `all` and `head`: that part of the model by itself; `sum`: of what the run shares only the sum over the
 *   neighbours, as masks leave it. @default what the run's manifest says
 * @throws {@link HearsayError} `USAGE` for a sum where nobody else's model is known; `RUN` as {@link Observer.company} does
 */
export async function seenIn(audited: Audited, name?: SeenName): Promise<Seen> {
  const { manifest, layout, head, observer, model, parameters } = audited
  const whole = headSection(layout)
  const section = name === 'all' ? whole : name === 'head' ? headSection(layout, model.model.head) : head
  const isWhole = section.layout.size === layout.size
  // In the field a run with masks leaves one model to look at, which is more than any neighbour sees.
  const isMasked = name === undefined && manifest.masks !== undefined && observer !== undefined
  const company = name === 'sum' || isMasked ? await observer?.company() : []
  if (company === undefined || (name === 'sum' && company.length === 0)) {
    throw new HearsayError(
      'USAGE',
      observer === undefined
        ? 'a sum of models takes those of other peers, which only the folder of a simulation has'
        : `${observer.name}, the neighbour that hears this peer, hears no other, so that the sum is this peer's model`,
      { field: '--seen', value: 'sum' },
    )
  }
  const part = isWhole ? 'the whole model' : `the part from ${firstLayer(section)} on`
  const other = isWhole
    ? ''
    : observer === undefined
      ? ', and as much of the rest as the peer itself'
      : `, with ${observer.name}'s own model in place of the rest`
  const sum = company.length === 0 ? '' : `the sum of ${company.length + 1} models, of each `
  return { section, isWhole, company, rest: observer?.parameters ?? parameters, says: `${sum}${part}${other}` }
}

function firstLayer({ layout }: HeadSection): string {
  return layout.tensors[0]!.name.replace(/\/[^/]*$/, '')
}

/**
 * The model that a neighbour makes of what it sees: of a sum its mean, of a part that part with its own model around it.
 *
 * @param handed - what the audited peer would hand over, and would if it were alone
 * @param others - what its company would
 */
export function modelSeen(
  { section, rest }: Seen,
  handed: Float32Array,
  others: readonly Float32Array[],
): Float32Array {
  const seen = copied(rest)
  for (let k = section.start; k < section.end; k++) {
    seen[k] = others.reduce((sum, other) => sum + other[k]!, handed[k]!) / (others.length + 1)
  }
  return seen
}
