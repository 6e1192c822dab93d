import type { Measure } from '../data/index.js'
import type { Column, ColumnName, Miss, RoundRecord } from '../watch/index.js'

/**
 * One number of a round. TensorBoard's tag and the tables' heading are its name: what stands before the slash groups
 * charts. Of a run it is the mean over its peers where a peer has one of the same name.
 */
export interface Value {
  readonly name: string
  /** Null where the round has none. */
  readonly value: number | null
}

type Named = readonly (readonly [name: string, value: number | null | undefined])[]

/** The parts of a round, by what they are called in names. */
export const phases = {
  train: 'trainSeconds',
  wait: 'waitSeconds',
  merge: 'mergeSeconds',
  evaluate: 'evaluateSeconds',
} as const satisfies Readonly<Record<string, ColumnName>>

/** The numbers of a round over all its peers, always in the same order. */
export function valuesOfRun(round: RoundRecord, measure: Measure): Value[] {
  const { columns, whole, absent, refused } = round
  return valuesOf([
    [measure, whole?.mean ?? mean(columns.accuracy)],
    [`${measure}/lowest`, whole?.min],
    [`${measure}/highest`, whole?.max],
    [`${measure}/averaged model`, whole?.ofMean],
    ...shared(round, mean),
    ['consensus distance', whole?.consensusDistance],
    ['samples/trained', sum(columns.samples)],
    ['heads/absent', absent.length],
    ['heads/refused', refused.length],
    ['bytes/sent', whole?.sentBytes],
    ['peers', whole?.peers],
    ...reported(round, mean),
  ])
}

/** The numbers of one peer's round, always in the same order. @param place - of the peer among the members */
export function valuesOfPeer(round: RoundRecord, place: number, measure: Measure): Value[] {
  const { columns, absent, refused } = round
  const own = (column: Column): number | null => column[place] ?? null
  return valuesOf([
    [measure, own(columns.accuracy)],
    ...shared(round, own),
    ['samples/trained', own(columns.samples)],
    ['heads/absent', missesOf(absent, place)],
    ['heads/refused', missesOf(refused, place)],
    ...reported(round, own),
  ])
}

/** By the list: every peer of a round is asked for, and each may have missed every other. */
const missesByPeer = new WeakMap<readonly Miss[], ReadonlyMap<number, number>>()

function missesOf(misses: readonly Miss[], place: number): number {
  const counts = missesByPeer.get(misses) ?? countedByPeer(misses)
  missesByPeer.set(misses, counts)
  return counts.get(place) ?? 0
}

function countedByPeer(misses: readonly Miss[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const { peer } of misses) counts.set(peer, (counts.get(peer) ?? 0) + 1)
  return counts
}

/** Did this peer do anything in the round? */
export function tookPart({ columns }: RoundRecord, place: number): boolean {
  return Object.values(columns).some(column => (column[place] ?? null) !== null)
}

function shared({ columns }: RoundRecord, of: (column: Column) => number | null): Named {
  return [
    ['loss/train', of(columns.loss)],
    ['loss/test', of(columns.testLoss)],
    ['local distance', of(columns.localDistance)],
    ...Object.entries(phases).map(([phase, name]) => [`seconds/${phase}`, of(columns[name])] as const),
    ['seconds/round', of(columns.roundSeconds)],
  ]
}

/** What stands beside the measure, and what the method reports. */
function reported({ beside, figures }: RoundRecord, of: (column: Column) => number | null): Named {
  return [
    ...Object.entries(beside).map(([name, column]) => [`figures/${name}`, of(column)] as const),
    ...Object.entries(figures).map(([name, column]) => [`method/${name}`, of(column)] as const),
  ]
}

function valuesOf(named: Named): Value[] {
  return named.map(([name, value]) => ({ name, value: value ?? null }))
}

/** Over those that have one. */
export function mean(column: Column): number | null {
  const known = column.filter(value => value !== null)
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0) / known.length
}

function sum(column: Column): number | null {
  const known = column.filter(value => value !== null)
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0)
}
