import { shown } from '../../foreign.js'

/** An event as it was read: whatever its line holds. */
export type Fields = Readonly<Record<string, unknown>>

/** Thrown where an event is not what its type says. */
export class Malformed extends Error {}

export function fieldsIn(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Malformed()
}

/** The objects of a list. */
export function listIn(value: unknown): readonly Fields[] {
  return arrayIn(value).map(fieldsIn)
}

export function arrayIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new Malformed()
}

export function textIn(value: unknown): string {
  if (typeof value === 'string') return value
  throw new Malformed()
}

/** A number; null stands for one that JSON does not have, as the loss of a model that diverged. */
export function numberIn(value: unknown): number | null {
  if (value === null) return null
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  throw new Malformed()
}

/** A number that may be left out. */
export function perhapsIn(value: unknown): number | null {
  return value === undefined ? null : numberIn(value)
}

/** A count, or a number of a round. */
export function wholeIn(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new Malformed()
}

/** Beyond this many characters the middle of a name is left out: it stands in headings, legends and labels. */
const longestName = 64

/** A name on its way to people, from a method or a peer that anybody may have written: harmless, and not long. */
export function harmlessName(name: string): string {
  return shown(name, longestName)
}

/** Why, in a word or two. */
export function reasonIn(value: unknown): string {
  return harmlessName(textIn(value))
}

/** Numbers by name; none where they are left out. */
export function namedIn(value: unknown): readonly (readonly [string, number | null])[] {
  if (value === undefined) return []
  return Object.entries(fieldsIn(value)).map(([name, number]) => [name, numberIn(number)])
}
