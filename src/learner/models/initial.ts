import { randomNormal, randomUniform } from 'd3-random'
import { HearsayError } from '../../errors.js'
import { random } from '../../random.js'
import type { TensorPlace } from '../../tensors/index.js'

/** An initialiser as TensorFlow.js knows it. */
export interface Initialiser {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
}

/** Keras divides by this so that a normal cut off at two deviations still has the requested deviation. */
const truncationSpread = 0.8796256610342398

const scalings: Readonly<Record<string, Initialiser['config']>> = {
  GlorotUniform: { scale: 1, mode: 'fanAvg', distribution: 'uniform' },
  GlorotNormal: { scale: 1, mode: 'fanAvg', distribution: 'normal' },
  HeUniform: { scale: 2, mode: 'fanIn', distribution: 'uniform' },
  HeNormal: { scale: 2, mode: 'fanIn', distribution: 'normal' },
  LeCunUniform: { scale: 1, mode: 'fanIn', distribution: 'uniform' },
  LeCunNormal: { scale: 1, mode: 'fanIn', distribution: 'normal' },
}

/** By the names of their classes in TensorFlow.js. */
export const knownInitialisers: ReadonlySet<string> = new Set([
  ...Object.keys(scalings),
  'VarianceScaling',
  'RandomNormal',
  'RandomUniform',
  'TruncatedNormal',
  'Zeros',
  'Ones',
  'Constant',
])

/**
 * Draws one tensor's first values. TensorFlow.js' own initialisers draw on the backend and give other numbers on each;
 * these come from the run's seed and the tensor's name, so that all peers start from the same x⁰ (ALGORITHMS.md 1).
 *
 * @throws {@link HearsayError} `MODEL` for an initialiser that is not known
 */
export function fillInitial(into: Float32Array, place: TensorPlace, initialiser: Initialiser, seed: number): void {
  const draw = distribution(place, initialiser, random(seed, `initial/${place.name}`).uniform)
  for (let i = 0; i < into.length; i++) into[i] = draw()
}

function distribution(place: TensorPlace, { name, config }: Initialiser, source: () => number): () => number {
  const number = (field: string, otherwise: number): number =>
    typeof config[field] === 'number' ? config[field] : otherwise
  const mean = number('mean', 0)
  const deviation = number('stddev', 0.05)
  switch (name) {
    case 'Zeros':
      return () => 0
    case 'Ones':
      return () => 1
    case 'Constant':
      return () => number('value', 0)
    case 'RandomUniform':
      return randomUniform.source(source)(number('minval', -0.05), number('maxval', 0.05))
    case 'RandomNormal':
      return randomNormal.source(source)(mean, deviation)
    case 'TruncatedNormal':
      return truncatedNormal(mean, deviation, source)
  }
  const scaling = scalings[name] ?? (name === 'VarianceScaling' ? config : undefined)
  if (scaling === undefined) {
    throw new HearsayError(
      'MODEL',
      `"${place.name}" has the initialiser ${name}, which no seed reaches; bring weights with the model, or use ${[...knownInitialisers].join(', ')}`,
      { field: 'model' },
    )
  }
  const [fanIn, fanOut] = fans(place.shape)
  const fan = scaling.mode === 'fanIn' ? fanIn : scaling.mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2
  const variance = Number(scaling.scale ?? 1) / Math.max(1, fan)
  if (scaling.distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance)
    return randomUniform.source(source)(-limit, limit)
  }
  return truncatedNormal(0, Math.sqrt(variance) / truncationSpread, source)
}

function truncatedNormal(mean: number, deviation: number, source: () => number): () => number {
  const draw = randomNormal.source(source)(0, 1)
  return () => {
    let value = draw()
    while (Math.abs(value) > 2) value = draw()
    return mean + deviation * value
  }
}

/** How many inputs an output sees and how many outputs an input reaches, as Keras counts them. */
function fans(shape: readonly number[]): [number, number] {
  if (shape.length < 2) return [shape[0] ?? 1, shape[0] ?? 1]
  const taps = shape.slice(0, -2).reduce((product, length) => product * length, 1)
  return [taps * shape.at(-2)!, taps * shape.at(-1)!]
}
