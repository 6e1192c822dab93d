import type { Beside, Primary } from '../data/index.js'
import { shownBeside } from '../watch/beside-text.js'
import type { KeptRun } from './runs.js'
import type { ComparedVariant } from './shape.js'
import { spreadOver } from './statistics.js'

/** What stands beside the quality at the end, as summaries of simulations have it: what it may hide, and the baselines. */
export function besideOf(runs: readonly KeptRun[], primary: Primary): NonNullable<ComparedVariant['beside']> {
  const values = new Map<string, number[]>()
  for (const { isSimulation, summary } of runs) {
    if (!isSimulation) continue
    for (const [name, value] of figuresOf(summary, primary)) values.set(name, [...(values.get(name) ?? []), value])
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, spreadOver(all)!]))
}

function figuresOf(
  { accuracy, beside = {}, isUnbalanced = false, perPeer = [] }: KeptRun['summary'],
  primary: Primary,
): [name: string, value: number][] {
  if (accuracy === undefined || typeof accuracy === 'number') return []
  const spreads: { readonly [Name in keyof Beside]?: typeof accuracy } = beside
  const isOfTwo = perPeer.some(({ confusion }) => confusion?.length === 2)
  const { localOnly, centralised } = (primary === 'accuracy' ? accuracy : spreads[primary]) ?? {}
  const named: [string, number | null | undefined][] = [
    ...(primary === 'accuracy' ? [] : [['accuracy', accuracy.mean] as [string, number]]),
    ...shownBeside(spreads, { isUnbalanced, isOfTwo }, primary).map((name): [string, number | undefined] => [
      name,
      spreads[name]?.mean,
    ]),
    ['localOnly', localOnly],
    ['centralised', centralised],
  ]
  return named.flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value]]))
}
