import { defaultMethod } from '../methods/index.js'
import type { Combination } from './values.js'

type Section = Readonly<Record<string, unknown>>

/** Sections that may be written as one word, and the field that this word is the value of. */
export const mainFields: Readonly<Record<string, string>> = {
  data: 'set',
  encoding: 'codec',
  exchange: 'when',
  partition: 'kind',
  model: 'kind',
  merge: 'method',
  believe: 'rule',
  topology: 'kind',
}

/** What a section is that has fields and is not written. */
const usualWords: Readonly<Record<string, string>> = { merge: defaultMethod }

/** A manifest as written, with the fields of a combination in their places: whole sections first, then what is in them. */
export function placed(base: Section, combination: Combination): Section {
  const parts = combination.map(([path, value]) => ({ names: path.split('.'), value }))
  parts.sort((a, b) => a.names.length - b.names.length)
  return parts.reduce((manifest, { names, value }) => withField(manifest, names, value), base)
}

function withField(section: Section, [name, ...inner]: readonly string[], value: unknown, depth = 0): Section {
  if (inner.length === 0) return { ...section, [name!]: value }
  const own = Object.hasOwn(section, name!) ? section[name!] : depth === 0 ? usualWords[name!] : undefined
  return { ...section, [name!]: withField(sectionIn(own, depth === 0 ? name! : ''), inner, value, depth + 1) }
}

/** A section as an object, however it is written. What is none is replaced, as a list by a field "in" it. */
function sectionIn(written: unknown, name: string): Section {
  const field = Object.hasOwn(mainFields, name) ? mainFields[name] : undefined
  if (typeof written === 'string' && field !== undefined) return { [field]: written }
  return typeof written === 'object' && written !== null && !Array.isArray(written) ? (written as Section) : {}
}
