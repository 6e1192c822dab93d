import type { HeadLayer } from '../../src/learner/index.js'
import { tf } from '../../src/learner/tensorflow.js'
import { type DeviceMixture, uploadMixture } from '../../src/mixture/device.js'
import type { MixtureNet } from '../../src/mixture/forward.js'
import { stackHeads } from '../../src/mixture/head.js'
import { type MixtureSettings, mixtureSchema, resolveMixture } from '../../src/mixture/spec.js'
import { createMixtureWeights, type MixtureWeights, transformOf } from '../../src/mixture/weights.js'
import { type Random, random } from '../../src/random.js'
import { type Layout, layoutOf } from '../../src/tensors/index.js'
import { type PresentBackend, presentBackends } from '../learner/backends.js'
import type { Matrix, ReferenceHead, ReferenceMixture } from './reference.js'

/** With every weight that there is. */
export const settingsOf = (changed: Partial<MixtureSettings> = {}): MixtureSettings => ({
  ...resolveMixture(mixtureSchema.parse({ method: 'mixture', tokens: 'logits' })),
  ...changed,
})

/** Two dense layers with ReLU between them. */
export function denseHead(features: number, hidden: number, outputs: number): { layout: Layout; layers: HeadLayer[] } {
  return {
    layout: layoutOf([
      { name: 'hidden/kernel', shape: [features, hidden] },
      { name: 'hidden/bias', shape: [hidden] },
      { name: 'output/kernel', shape: [hidden, outputs] },
      { name: 'output/bias', shape: [outputs] },
    ]),
    layers: [
      { kind: 'dense', name: 'hidden', kernel: 'hidden/kernel', bias: 'hidden/bias', activation: 'relu' },
      { kind: 'dense', name: 'output', kernel: 'output/kernel', bias: 'output/bias', activation: 'linear' },
    ],
  }
}

/** Numbers from −1 to 1. */
export function numbers(draw: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => draw.uniform() * 2 - 1)
}

export function matrixOf(values: Float32Array, columns: number): Matrix {
  return Array.from({ length: values.length / columns }, (_, row) => [
    ...values.subarray(row * columns, (row + 1) * columns),
  ])
}

function referenceHead(layout: Layout, head: Float32Array): ReferenceHead {
  const part = (place: number): Float32Array => {
    const { offset, size } = layout.tensors[place]!
    return head.subarray(offset, offset + size)
  }
  return [0, 2].map(place => ({
    kernel: matrixOf(part(place), layout.tensors[place]!.shape[1]!),
    bias: [...part(place + 1)],
  }))
}

/** A mixture with random weights, as vectors. */
export interface TestMixture {
  readonly layout: Layout
  readonly layers: readonly HeadLayer[]
  readonly own: Float32Array
  readonly heads: readonly Float32Array[]
  readonly weights: MixtureWeights
  readonly transforms: readonly Float32Array[]
  readonly settings: MixtureSettings
  readonly features: number
  readonly outputs: number
}

export interface TestShape {
  readonly features?: number
  readonly hidden?: number
  readonly outputs?: number
  readonly experts?: number
  readonly settings?: Partial<MixtureSettings>
  /** Leaves the weights at their start. */
  readonly start?: boolean
}

export function testMixture(seed: number, shape: TestShape = {}): TestMixture {
  const { features = 5, hidden = 4, outputs = 3, experts = 3, start = false } = shape
  const settings = settingsOf({ attention: 6, projection: 4, ...shape.settings })
  const draw = random(seed, 'test mixture')
  const { layout, layers } = denseHead(features, hidden, outputs)
  const weights = createMixtureWeights({ features, outputs }, settings, { seed, peer: 0 })
  if (!start) weights.values.set(numbers(draw, weights.values.length))
  const own = numbers(draw, layout.size)
  const heads = Array.from({ length: experts }, () => numbers(draw, layout.size))
  const transforms = heads.flatMap((_, j) => {
    const transform = transformOf(weights, `peer-${j}`)
    if (transform === undefined) return []
    if (!start) transform.set(numbers(draw, transform.length))
    return [transform]
  })
  return { layout, layers, own, heads, weights, transforms, settings, features, outputs }
}

export function referenceOf(mixture: TestMixture): ReferenceMixture {
  const { layout, own, heads, weights, transforms, settings, features } = mixture
  const tensor = (name: string): Matrix | undefined => {
    const place = weights.layout.tensors.find(one => one.name === name)
    return place && matrixOf(weights.values.subarray(place.offset, place.offset + place.size), place.shape[1]!)
  }
  const given = <K extends string>(name: K, value: Matrix | undefined) =>
    (value === undefined ? {} : { [name]: value }) as { [N in K]?: Matrix }
  return {
    own: referenceHead(layout, own),
    experts: heads.map(head => referenceHead(layout, head)),
    ...given('com', tensor('com/kernel')),
    ...given('query', tensor('query/kernel')),
    ...given('key', tensor('key/kernel')),
    ...given('value', tensor('value/kernel')),
    ...(transforms.length > 0 ? { transforms: transforms.map(values => matrixOf(values, features)) } : {}),
    probabilities: settings.tokens === 'probabilities',
    normalise: settings.normalise,
  }
}

/** On the device. Dispose of it. */
export function netOf(mixture: TestMixture): { net: MixtureNet; device: DeviceMixture; dispose(): void } {
  const { layout, layers, own, heads, weights, transforms, settings } = mixture
  const device = uploadMixture({ ...weights, transforms }, layout, heads)
  const ownStack = stackHeads(layout, [own])
  const { tensors, experts, count } = device
  return {
    net: { layers, own: ownStack, experts, count, tensors, settings },
    device,
    dispose() {
      device.dispose()
      tf.dispose([...ownStack.values()])
    },
  }
}

export function expectClose(
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
  what = '',
): void {
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} numbers, not ${expected.length}`)
  for (const [i, value] of expected.entries()) {
    const error = Math.abs(actual[i]! - value)
    if (!(error <= tolerance * Math.max(1, Math.abs(value))))
      throw new Error(`${what} ${i}: ${actual[i]}, not ${value}`)
  }
}

/** Those whose tensors can be read at once, in the middle of a pass: WebGPU's only in a browser. */
export async function readableBackends(): Promise<PresentBackend[]> {
  return (await presentBackends()).filter(({ name }) => name !== 'webgpu')
}
