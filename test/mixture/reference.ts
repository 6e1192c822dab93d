/*
 * The mixture by the formulas of ALGORITHMS.md 4.2, in float64 and one number at a time: nothing is rearranged, so it
 * shows that the rearranged products of src/mixture/forward.ts are the same function.
 */

export type Matrix = readonly (readonly number[])[]

/** A head of dense layers with ReLU between them. */
export type ReferenceHead = readonly { readonly kernel: Matrix; readonly bias: readonly number[] }[]

export interface ReferenceMixture {
  readonly own: ReferenceHead
  readonly experts: readonly ReferenceHead[]
  readonly com?: Matrix
  readonly transforms?: readonly Matrix[]
  readonly query?: Matrix
  readonly key?: Matrix
  readonly value?: Matrix
  readonly probabilities?: boolean
  readonly normalise?: boolean
}

/** Row vector times matrix. */
export function times(x: readonly number[], matrix: Matrix): number[] {
  return matrix[0]!.map((_, column) => x.reduce((sum, value, row) => sum + value * matrix[row]![column]!, 0))
}

export function softmax(values: readonly number[]): number[] {
  const top = Math.max(...values)
  const powers = values.map(value => Math.exp(value - top))
  const total = powers.reduce((a, b) => a + b, 0)
  return powers.map(power => power / total)
}

export function headOutput(head: ReferenceHead, x: readonly number[]): number[] {
  return head.reduce<number[]>(
    (values, { kernel, bias }, layer) => {
      const sums = times(values, kernel).map((value, i) => value + bias[i]!)
      return layer === head.length - 1 ? sums : sums.map(value => Math.max(0, value))
    },
    [...x],
  )
}

/** ŷ of one feature vector and the gate's weights. With probabilities: their logarithm. */
export function mixtureOutput(mixture: ReferenceMixture, f: readonly number[]) {
  const { own, experts, com, transforms, query, key, value, probabilities, normalise } = mixture
  const u = com === undefined ? [...f] : times(f, com)
  const alone = [
    headOutput(own, f),
    ...experts.map((expert, j) => headOutput(expert, transforms === undefined ? f : times(u, transforms[j]!))),
  ]
  const tokens = probabilities ? alone.map(softmax) : alone
  let weights = tokens.map(() => 1 / tokens.length)
  if (query !== undefined && key !== undefined) {
    const size = Math.sqrt(f.reduce((sum, number) => sum + number ** 2, 0) / f.length)
    const asked = times(normalise ? f.map(number => number / size) : f, query)
    const scores = alone.map((raw, t) => {
      const offered = times(normalise ? softmax(raw) : tokens[t]!, key)
      return offered.reduce((sum, number, i) => sum + number * asked[i]!, 0) / Math.sqrt(asked.length)
    })
    weights = softmax(scores)
  }
  const values = tokens.map(token => (value === undefined ? token : times(token, value)))
  const mixed = values[0]!.map((_, c) => values.reduce((sum, row, t) => sum + weights[t]! * row[c]!, 0))
  const prediction = probabilities ? mixed.map(number => Math.log(Math.max(number, 1e-7))) : mixed
  return { alone, weights, prediction }
}
