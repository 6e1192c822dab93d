import { Document, isMap, visit } from 'yaml'
import type { Manifest } from '../node/index.js'
import { type Field, type Part, parts, type Section } from './manifest-fields.js'

const opening = `# A run of Hearsay: what is learned, by whom, and how. Every peer of the run has these very fields: they make its id.
#   hearsay simulate <this file>   all its peers on this machine
#   hearsay start <this file>      one peer, for others to join
# A field behind # is not set; what stands there is its default or an example. Remove the # to set it.`

/** A manifest as a file for people: every field with what it does, in an order that can be read. */
export function commentedManifest(manifest: Manifest): string {
  const rest = Object.keys(manifest).filter(key => parts.every(part => part.key !== key))
  const all: Part[] = [...parts, ...rest.map(key => ({ key, says: '' }))]
  const blocks = all.flatMap(({ key, says, fields }) => {
    const value = (manifest as Section)[key]
    if (value === undefined) return []
    const lines = fields === undefined ? fieldLines(key, value) : [`${key}:`, ...sectionLines(value as Section, fields)]
    return [[...(says === '' ? [] : [`# ${says}`]), ...lines].join('\n')]
  })
  return `${[opening, ...blocks].join('\n\n')}\n`
}

function sectionLines(section: Section, fields: readonly Field[]): string[] {
  const known = fields.flatMap(({ key, says, unset }) => {
    if (section[key] !== undefined) return [`# ${says}`, ...fieldLines(key, section[key])]
    const example = unset?.(section)
    return example === undefined ? [] : [`# ${says}`, ...fieldLines(key, example).map(line => `#${line}`)]
  })
  const rest = Object.keys(section).filter(key => fields.every(field => field.key !== key))
  const unknown = rest.flatMap(key => (section[key] === undefined ? [] : fieldLines(key, section[key])))
  return [...known, ...unknown].map(line => `  ${line}`)
}

/** One field, on one line where its value allows. */
function fieldLines(key: string, value: unknown): string[] {
  const document = new Document({ [key]: value })
  visit(document, {
    Collection(_, node) {
      if (!isMap(node) || node !== document.contents) node.flow = true
    },
  })
  return document.toString({ lineWidth: 0, blockQuote: false }).trimEnd().split('\n')
}

/** The fields that have a comment, as paths, for the test that none is forgotten. */
export const explainedFields: readonly string[] = parts.flatMap(({ key, fields }) => [
  key,
  ...(fields ?? []).map(field => `${key}.${field.key}`),
])
