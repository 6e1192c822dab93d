import { type Codec, halvesOf, numberByNumber } from './codec.js'
import { converted } from './kernel.js'

/**
 * bfloat16: the upper half of a float32, rounded to nearest, ties to even. Half the bytes for a relative error of at
 * most 2^-8, over the whole range of float32 (below 2^-126 the error is at most 2^-134).
 */
export const bf16: Codec = {
  name: 'bf16',
  ...numberByNumber('BF16'),
  encode(_layout, values, into) {
    const halves = halvesOf(into)
    const round = (from: number, to: number): void =>
      converted(values, halves, from, to, (kernel, ...places) => kernel.encodeBf16(...places))
    return { passes: [round], length: () => into.length }
  },
  decode(_layout, from, values) {
    const halves = halvesOf(from)
    return (start, end) => converted(halves, values, start, end, (kernel, ...places) => kernel.decodeBf16(...places))
  },
}
