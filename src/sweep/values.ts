import type { Range } from './schema.js'

/** The values that a field takes: a list as it is, a range written out. */
export function valuesOf(values: readonly unknown[] | Range): readonly unknown[] {
  return Array.isArray(values) ? values : inRange(values as Range)
}

function inRange({ from, to, step, steps, scale }: Range): number[] {
  if (step !== undefined) {
    // 0.1 to 0.3 in steps of 0.1 has three values, though (0.3 - 0.1) / 0.1 lies a little below 2.
    const count = Math.floor((to - from) / step + 1e-9) + 1
    return Array.from({ length: count }, (_, i) => tidy(from + i * step))
  }
  const last = steps! - 1
  const at = (share: number): number => (scale === 'log' ? from * (to / from) ** share : from + (to - from) * share)
  return Array.from({ length: steps! }, (_, i) => tidy(at(i / last)))
}

/** Without the last digits of a double, which are rounding errors: 0.3, not 0.30000000000000004. */
function tidy(value: number): number {
  return Number(value.toPrecision(12))
}

/** One choice for each field that varies. */
export type Combination = readonly (readonly [path: string, value: unknown])[]

/** All combinations of the fields' values. The last field changes first, as the last digit of a number. */
export function* combinations(fields: readonly (readonly [string, readonly unknown[]])[]): Generator<Combination> {
  const [first, ...others] = fields
  if (first === undefined) return yield []
  const [path, values] = first
  for (const value of values) for (const rest of combinations(others)) yield [[path, value], ...rest]
}
