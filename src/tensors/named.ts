import { HearsayError } from '../errors.js'
import { areFinite } from './finite.js'
import { type Layout, layoutOf, type ModelParameters, sameLayout } from './layout.js'

/** A tensor that is kept under its name, wherever its numbers lie. */
export interface NamedTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** Views on the tensors of a vector, in their order. */
export function tensorsOf({ layout, values }: ModelParameters): NamedTensor[] {
  return layout.tensors.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    values: values.subarray(offset, offset + size),
  }))
}

/**
 * Copies tensors into a vector.
 *
 * @param source - what errors call them together
 * @throws {@link HearsayError} `PARAMETERS` where they are not exactly those of the layout, in its order, or not finite
 */
export function fillFrom(tensors: readonly NamedTensor[], { layout, values }: ModelParameters, source: string): void {
  if (!sameLayout(layoutOf(tensors), layout)) {
    throw new HearsayError('PARAMETERS', `${misfit(tensors, layout)}; was it written by another manifest?`, { source })
  }
  const broken = tensors.find(({ values }) => !areFinite(values))
  if (broken !== undefined) {
    throw new HearsayError('PARAMETERS', `"${broken.name}" holds numbers that are not finite`, { source })
  }
  for (const [place, { offset }] of layout.tensors.entries()) values.set(tensors[place]!.values, offset)
}

function misfit(tensors: readonly NamedTensor[], layout: Layout): string {
  const place = layout.tensors.findIndex(
    ({ name, shape }, at) => tensors[at]?.name !== name || tensors[at].shape.join() !== shape.join(),
  )
  const wanted = layout.tensors[place]
  return wanted === undefined
    ? `has "${tensors[layout.tensors.length]!.name.slice(0, 128)}", which does not belong there`
    : `lacks "${wanted.name}" ${wanted.shape.join('×')}`
}
