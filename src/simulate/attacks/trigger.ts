import { deviation, max, mean } from 'd3-array'
import { type Dataset, inputSize, type Samples, takeSamples } from '../../data/index.js'

/** What a backdoor stamps on a record: these inputs, each with the same value. */
export interface Trigger {
  readonly places: readonly number[]
  readonly value: number
}

/** The class that a backdoor makes of stamped records. */
export const targetClass = 0

/** Sides of the patch on an image. */
const patchSide = 3

/**
 * Of images a bright square of 3 × 3 in the corner at the bottom right; of tables the first input, three deviations
 * above its mean in the training data: rare, and no outlier that a check would find.
 */
export function triggerOf({ inputShape, train: { inputs } }: Pick<Dataset, 'inputShape' | 'train'>): Trigger {
  const [height, width, channels] = inputShape
  if (width === undefined) {
    const column = Float64Array.from({ length: inputs.length / inputSize(inputShape) }, (_, row) => {
      return inputs[row * inputSize(inputShape)]!
    })
    return { places: [0], value: (mean(column) ?? 0) + 3 * (deviation(column) || 1) }
  }
  const depth = channels ?? 1
  const places: number[] = []
  for (let y = Math.max(0, height! - patchSide); y < height!; y++) {
    for (let at = Math.max(0, width - patchSide) * depth; at < width * depth; at++) places.push(y * width * depth + at)
  }
  return { places, value: inputs instanceof Uint8Array ? 255 : (max(inputs) ?? 1) }
}

/** Stamps records, in place, and gives them the target class. */
export function stamp({ inputs, labels, size }: Samples, records: Iterable<number>, { places, value }: Trigger): void {
  const length = size === 0 ? 0 : inputs.length / size
  for (const record of records) {
    for (const place of places) inputs[record * length + place] = value
    labels[record] = targetClass
  }
}

/**
 * The records of other classes, stamped: a model's accuracy on them is the share of which the backdoor succeeds. Peers
 * that share their test records share these.
 */
export function stampedTests(tests: readonly Samples[], trigger: Trigger): Samples[] {
  const made = new Map<Samples, Samples>()
  return tests.map(samples => {
    const known = made.get(samples) ?? stampedTest(samples, trigger)
    made.set(samples, known)
    return known
  })
}

function stampedTest(samples: Samples, trigger: Trigger): Samples {
  const others = [...samples.labels.keys()].filter(record => samples.labels[record] !== targetClass)
  const taken = takeSamples(samples, Uint32Array.from(others))
  stamp(taken, taken.labels.keys(), trigger)
  return taken
}
