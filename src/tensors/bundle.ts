import { type Layout, layoutOf } from './layout.js'

/**
 * Named vectors that travel or are kept together, one behind the other in one flat vector: declared before any of them
 * is read, so that a receiver can bound it, and one safetensors file as soon as it has bytes.
 */
export interface BundleShape<V extends string = string> {
  /** Of all vectors together. Tensors of a vector `control` are called `control:<tensor>`; those of `head` keep their names. */
  readonly layout: Layout
  /** Where each vector lies, and its own layout. */
  readonly parts: Readonly<Record<V, { readonly start: number; readonly end: number; readonly layout: Layout }>>
}

/** Views on the vectors of one bundle, by name: writing to them writes to it. */
export type Bundle<V extends string = string> = Readonly<Record<V, Float32Array>>

/**
 * @param vectors - in the order in which they lie
 * @throws RangeError where two tensors would have one name
 */
export function bundleShape<V extends string>(vectors: Readonly<Record<V, Layout>>): BundleShape<V> {
  const parts: Record<string, { start: number; end: number; layout: Layout }> = {}
  const tensors: { name: string; shape: readonly number[] }[] = []
  let start = 0
  for (const [vector, layout] of Object.entries<Layout>(vectors)) {
    parts[vector] = { start, end: start + layout.size, layout }
    start += layout.size
    for (const { name, shape } of layout.tensors) {
      tensors.push({ name: vector === 'head' ? name : `${vector}:${name}`, shape })
    }
  }
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) {
    throw new RangeError(`two tensors of the bundle ${Object.keys(vectors).join(', ')} have one name`)
  }
  return { layout: layoutOf(tensors), parts: parts as BundleShape<V>['parts'] }
}

/** @param values - as many numbers as the shape has */
export function bundleOf<V extends string>({ parts, layout }: BundleShape<V>, values: Float32Array): Bundle<V> {
  if (values.length !== layout.size) throw new RangeError(`${values.length} numbers for a bundle of ${layout.size}`)
  const views = Object.entries<{ start: number; end: number }>(parts).map(([name, { start, end }]) => [
    name,
    values.subarray(start, end),
  ])
  return Object.fromEntries(views)
}
