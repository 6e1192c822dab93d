import { type Codec, halvesOf, numberByNumber } from './codec.js'
import { converted } from './kernel.js'

/**
 * IEEE 754 half precision, rounded to nearest, ties to even. Half the bytes for a relative error of at most 2^-11
 * between 2^-14 and 65504; below that the error is at most 2^-25, and what is larger becomes 65504.
 */
export const f16: Codec = {
  name: 'f16',
  ...numberByNumber('F16'),
  encode(_layout, values, into) {
    const halves = halvesOf(into)
    const round = (from: number, to: number): void =>
      converted(values, halves, from, to, (kernel, ...places) => kernel.encodeF16(...places))
    return { passes: [round], length: () => into.length }
  },
  decode(_layout, from, values) {
    const halves = halvesOf(from)
    return (start, end) => converted(halves, values, start, end, (kernel, ...places) => kernel.decodeF16(...places))
  },
}
