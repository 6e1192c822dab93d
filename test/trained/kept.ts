import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Dataset, type Samples, sharedNumbers, sharedPixels } from '../../src/data/index.js'
import { type DescriptionInit, describePeer, type KeptPeer } from '../../src/disk/index.js'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { modelSchema, outputShapeOf } from '../../src/learner/index.js'
import { buildModel } from '../../src/learner/models/model.js'
import { nothingKept, sectionSchema } from '../../src/methods/index.js'
import { random } from '../../src/random.js'

export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-trained-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Random samples: pixels, or numbers around 100 that vary by 3. */
export function samplesOf(size: number, inputShape: readonly number[], pixels: boolean, classes = 3): Samples {
  const draw = random(size, 'samples')
  const length = size * inputShape.reduce((a, b) => a * b, 1)
  const inputs = pixels ? sharedPixels(length) : sharedNumbers(length)
  for (let i = 0; i < length; i++) inputs[i] = pixels ? draw.integer(256) : 100 + 6 * (draw.uniform() - 0.5)
  const labels = new Int32Array(new SharedArrayBuffer(size * 4))
  for (let i = 0; i < size; i++) labels[i] = draw.integer(classes)
  return { inputs, labels, size }
}

export interface Wanted extends Partial<Pick<DescriptionInit, 'objective' | 'merge' | 'topology'>> {
  readonly model: unknown
  readonly inputShape: readonly number[]
  readonly pixels?: boolean
  readonly classes?: readonly string[]
}

/** A peer whose model has random parameters, none of them what it would begin with. */
export async function keptPeer(wanted: Wanted): Promise<KeptPeer & { readonly samples: Samples }> {
  const { inputShape, pixels = true, classes = ['a', 'b', 'c'], objective = { kind: 'classification' } } = wanted
  const model = modelSchema.parse(wanted.model)
  const samples = samplesOf(5, inputShape, pixels)
  const dataset: Dataset = { name: 'random', classes, inputShape, train: samples, test: samples }
  const channels = inputShape.at(-1)!
  const numbers = (of: (i: number) => number): Float32Array => Float32Array.from({ length: channels }, (_, i) => of(i))
  const standardisation = pixels
    ? { mean: numbers(i => 0.4 + 0.1 * i), std: numbers(i => 0.2 + 0.05 * i) }
    : { mean: numbers(i => 100 + i / 7), std: numbers(i => 2 + i), target: { mean: 1000, std: 50 } }
  await loadWasm()
  const built = await buildModel(
    model,
    inputShape,
    outputShapeOf(objective, inputShape, classes.length),
    3,
    wanted.topology,
  )
  const { layout, initial: parameters } = built
  built.dispose()
  const draw = random(1, 'parameters')
  // Variances of running statistics must be positive.
  for (const { name, offset, size } of layout.tensors) {
    for (let i = offset; i < offset + size; i++) {
      parameters[i] = /variance|gamma/.test(name) ? 0.5 + draw.uniform() : parameters[i]! + 0.4 * (draw.uniform() - 0.5)
    }
  }
  const { merge = sectionSchema().parse('dfedavg'), topology } = wanted
  const description = describePeer({
    runId: new Uint8Array(32).fill(7),
    name: 'boston',
    id: '12D3KooWboston',
    model,
    layout,
    dataset,
    standardisation,
    objective,
    ...(topology === undefined ? {} : { topology }),
    merge,
    share: 'head',
  })
  return { description, parameters, method: nothingKept, heads: [], samples }
}
