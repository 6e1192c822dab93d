import { HearsayError } from '../errors.js'

/** One tensor's place in the flat vector. `offset` and `size` count float32 numbers, not bytes. */
export interface TensorPlace {
  /** "<layer>/<weight>", for example "conv1/kernel". */
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly size: number
}

/** How a model's tensors lie one after another in one flat vector. */
export interface Layout {
  readonly tensors: readonly TensorPlace[]
  readonly size: number
}

/** The trainable numbers of a model, or of a part of it: one contiguous vector plus its layout. */
export interface ModelParameters {
  readonly layout: Layout
  readonly values: Float32Array
}

/** Lays tensors out without gaps, in the order given. */
export function layoutOf(tensors: readonly { readonly name: string; readonly shape: readonly number[] }[]): Layout {
  let offset = 0
  const places = tensors.map(({ name, shape }) => {
    const size = shape.reduce((product, length) => product * length, 1)
    const place = { name, shape: [...shape], offset, size }
    offset += size
    return place
  })
  return { tensors: places, size: offset }
}

/**
 * A zeroed vector for a layout. It lies on shared memory, so that a training thread and the network thread see the
 * same numbers without a copy.
 */
export function allocate(layout: Layout): Float32Array {
  return new Float32Array(new SharedArrayBuffer(layout.size * Float32Array.BYTES_PER_ELEMENT))
}

/** The same memory, byte by byte. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The layer a tensor belongs to: what stands before the last slash of its name. */
export function layerOf(tensor: TensorPlace): string {
  const slash = tensor.name.lastIndexOf('/')
  return slash < 0 ? tensor.name : tensor.name.slice(0, slash)
}

/** Every layer of a layout once, in order. */
export function layersOf(layout: Layout): string[] {
  return [...new Set(layout.tensors.map(layerOf))]
}

/** Where what is shared lies in the whole vector: the head, and the body is all before `start`; or the body (`share: body`). */
export interface HeadSection {
  readonly start: number
  readonly end: number
  /** The head's own layout: offsets count from the head's first number. */
  readonly layout: Layout
}

/**
 * The head of a model: everything from the first tensor of the named layer on. Parameters lie in the order of the
 * layers, so a head is one contiguous piece and taking it costs no copy.
 *
 * @param from - a layer's name; left out, the whole model is the head (`share: all`)
 * @param field - where the name stands in the manifest, for the error
 * @throws {@link HearsayError} when no layer has that name
 */
export function headSection(layout: Layout, from?: string, field = 'head'): HeadSection {
  const first = from === undefined ? 0 : layout.tensors.findIndex(tensor => layerOf(tensor) === from)
  if (first < 0) {
    throw new HearsayError(
      'MODEL',
      `the model has no layer "${from}" with parameters; its layers are ${layersOf(layout).join(', ')}`,
      { field },
    )
  }
  const start = layout.tensors[first]?.offset ?? 0
  return { start, end: layout.size, layout: layoutOf(layout.tensors.slice(first)) }
}

/**
 * The other way round: everything before the named layer is shared, and the head stays home.
 *
 * @throws {@link HearsayError} when no layer has that name, or it is the first
 */
export function bodySection(layout: Layout, to: string): HeadSection {
  const { start } = headSection(layout, to)
  const tensors = layout.tensors.filter(({ offset }) => offset < start)
  if (tensors.length === 0) {
    throw new HearsayError('MODEL', `body: the head, ${to}, is the whole model; nothing is left to share`, {
      field: 'share',
    })
  }
  return { start: 0, end: start, layout: layoutOf(tensors) }
}

/** A view on the head's numbers: writing to it writes to the model. */
export function headOf(values: Float32Array, section: HeadSection): Float32Array {
  return values.subarray(section.start, section.end)
}

/** A layout for an error: "output/kernel 64×10, output/bias 10". */
export function describeLayout({ tensors }: Layout): string {
  const shown = tensors.slice(0, 8).map(({ name, shape }) => `${name} ${shape.join('×')}`)
  return [...shown, ...(tensors.length > shown.length ? [`and ${tensors.length - shown.length} more`] : [])].join(', ')
}

/** Do two layouts hold the same tensors in the same places? */
export function sameLayout(a: Layout, b: Layout): boolean {
  return (
    a.size === b.size &&
    a.tensors.length === b.tensors.length &&
    a.tensors.every((tensor, i) => {
      const other = b.tensors[i]!
      return (
        tensor.name === other.name &&
        tensor.offset === other.offset &&
        tensor.shape.length === other.shape.length &&
        tensor.shape.every((length, axis) => length === other.shape[axis])
      )
    })
  )
}
