import { channelsOf, type Dataset, inputNames, type Samples, type Shard } from './dataset.js'
import { momentsOf, spreadOf } from './moments.js'
import { shortList } from './notes.js'

/** What a column holds at one peer; nothing but `missing` where no value is known. */
export interface ColumnFigures {
  readonly name: string
  readonly isCategory: boolean
  readonly missing: number
  readonly known?: {
    readonly mean: number
    readonly spread: number
    readonly least: number
    readonly most: number
  }
}

/** Figures of every input of these samples, and of the number that is to be predicted. */
export function columnFigures(dataset: Dataset, samples: Samples): ColumnFigures[] {
  const { objective, inputShape } = dataset
  const inputs = figuresOf(samples.inputs, inputNames(dataset), channelsOf(inputShape))
  if (objective?.kind !== 'regression') return inputs
  return [...inputs, ...figuresOf(samples.targets!, [{ name: objective.target, isCategory: false }], 1)]
}

function figuresOf(
  values: Float32Array | Uint8Array,
  names: readonly { readonly name: string; readonly isCategory: boolean }[],
  columns: number,
): ColumnFigures[] {
  const least = new Float32Array(columns).fill(Number.POSITIVE_INFINITY)
  const most = new Float32Array(columns).fill(Number.NEGATIVE_INFINITY)
  for (let at = 0; at < values.length; ) {
    for (let column = 0; column < columns; column++) {
      const value = values[at++]!
      // A missing value is neither.
      if (value < least[column]!) least[column] = value
      if (value > most[column]!) most[column] = value
    }
  }
  return momentsOf({ inputs: values }, columns).map((moments, column) => {
    const spread = spreadOf(moments)
    return {
      ...names[column]!,
      missing: values.length / columns - Number(moments.count),
      ...(spread && {
        known: { mean: spread.mean, spread: spread.deviation, least: least[column]!, most: most[column]! },
      }),
    }
  })
}

/** From so many times on, spreads that differ between peers are said. */
const strikingFactor = 5

/** What is to be known of the peers' standardisation, a sentence each; those of one peer begin with its name. */
export function shardNotes(dataset: Dataset, shards: readonly Shard[]): string[] {
  const own = shards.flatMap(({ name, notes }) => notes.map(note => `${name}: ${note}`))
  return [...own, ...spreadNotes(dataset, shards)]
}

/**
 * What stands against each peer's own standardisation: columns whose spread differs between peers, so that one weight
 * means something else at each.
 */
function spreadNotes(dataset: Dataset, shards: readonly Shard[]): string[] {
  if (dataset.standardise !== 'own' || dataset.inputShape.length > 1) return []
  const all = shards.map(({ samples }) => columnFigures(dataset, samples))
  const striking = inputNames(dataset).filter(({ isCategory }, column) => {
    const spreads = all.map(figures => figures[column]!.known?.spread ?? 0).filter(spread => spread > 0)
    return !isCategory && Math.max(...spreads) > strikingFactor * Math.min(...spreads)
  })
  if (striking.length === 0) return []
  const names = shortList(striking.map(({ name }) => name))
  return [
    `data.standardise: own, and the spread of ${names} differs more than ${strikingFactor} times between peers: one weight then means something else at each; agreed gives all the same`,
  ]
}
