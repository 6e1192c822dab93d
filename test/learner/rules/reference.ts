import type { RuleSpec } from '../../../src/learner/rules/spec.js'

/** Loss and gradient of tanh MLP with softmax cross-entropy in float64; parameters: W1, b1, W2, b2, row-major. */
export function referenceMlp(
  parameters: readonly number[],
  [inputs, hidden, classes]: readonly [number, number, number],
  batch: readonly (readonly number[])[],
  labels: readonly number[],
): { loss: number; gradient: number[] } {
  const b1 = inputs * hidden
  const w2 = b1 + hidden
  const b2 = w2 + hidden * classes
  const gradient = parameters.map(() => 0)
  let loss = 0
  for (const [n, x] of batch.entries()) {
    const h = Array.from({ length: hidden }, (_, j) =>
      Math.tanh(x.reduce((sum, value, i) => sum + value * parameters[i * hidden + j]!, parameters[b1 + j]!)),
    )
    const z = Array.from({ length: classes }, (_, c) =>
      h.reduce((sum, value, j) => sum + value * parameters[w2 + j * classes + c]!, parameters[b2 + c]!),
    )
    const top = Math.max(...z)
    const total = z.reduce((sum, value) => sum + Math.exp(value - top), 0)
    loss += (Math.log(total) + top - z[labels[n]!]!) / batch.length
    const dz = z.map((value, c) => (Math.exp(value - top) / total - (c === labels[n] ? 1 : 0)) / batch.length)
    for (const [c, d] of dz.entries()) gradient[b2 + c]! += d
    for (const [j, value] of h.entries()) {
      let dh = 0
      for (const [c, d] of dz.entries()) {
        gradient[w2 + j * classes + c]! += value * d
        dh += parameters[w2 + j * classes + c]! * d
      }
      const da = dh * (1 - value * value)
      gradient[b1 + j]! += da
      for (const [i, input] of x.entries()) gradient[i * hidden + j]! += input * da
    }
  }
  return { loss, gradient }
}

const norm = (values: readonly number[]): number => Math.hypot(...values)

/** One step by the formulas of ALGORITHMS.md 2, in float64. */
export function referenceStep(
  objective: (at: readonly number[]) => { gradient: number[] },
  y: readonly number[],
  velocity: readonly number[],
  rules: readonly RuleSpec[],
  learningRate: number,
): { values: number[]; velocity: number[] } {
  const numbers: Record<string, unknown> = Object.fromEntries(rules.map(({ rule, ...fields }) => [rule, fields]))
  const { rho, adaptive } = (numbers.sam ?? { rho: 0, adaptive: false }) as { rho: number; adaptive: boolean }
  const { limit: clip } = (numbers.clip ?? {}) as { limit?: number }
  const { factor: weightDecay } = (numbers.weightDecay ?? { factor: 0 }) as { factor: number }
  const { factor: momentum } = (numbers.momentum ?? { factor: 0 }) as { factor: number }
  let { gradient: g } = objective(y)
  if (rho > 0) {
    const length = norm(adaptive ? g.map((value, i) => Math.abs(y[i]!) * value) : g) + 1e-12
    const delta = g.map((value, i) => (rho * (adaptive ? y[i]! ** 2 : 1) * value) / length)
    g = objective(y.map((value, i) => value + delta[i]!)).gradient
  }
  if (clip !== undefined) {
    const factor = Math.min(1, clip / (norm(g) + 1e-12))
    g = g.map(value => value * factor)
  }
  const v = g.map((value, i) => momentum * velocity[i]! + value + weightDecay * y[i]!)
  return { values: y.map((value, i) => value - learningRate * v[i]!), velocity: v }
}
