import { Document, isMap, visit } from 'yaml'
import { isShipped } from '../data/index.js'
import { type JsonSchema, kindsOf, nameOf } from '../json-schema.js'
import { isManifest, type Manifest, manifestJsonSchema } from '../node/index.js'

const opening = `# A run of Hearsay: what is learned, by whom, and how. Every peer of the run has these very fields: they make its id.
#   hearsay simulate <this file>   all its peers on this machine
#   hearsay start <this file>      one peer, for others to join
# A field behind # is not set; what stands there is an example. Remove the # to set it.`

/** No description of a field is longer; only lists of kinds are. */
const commentWidth = 124

type Section = Readonly<Record<string, unknown>>

/** A manifest as a file for people: every field with a comment on what it does, in a readable order. */
export function commentedManifest(manifest: Manifest): string {
  const sections = Object.entries(manifestJsonSchema().properties!)
  const blocks = sections.flatMap(([key, schema]) => {
    const value = (manifest as Section)[key]
    if (value === undefined) return []
    const kinds = kindsOf(schema)
    const lines = kinds.length === 0 ? fieldLines(key, value) : [`${key}:`, ...sectionLines(manifest, key, kinds)]
    return [[`# ${schema.description}`, ...lines].join('\n')]
  })
  return `${[opening, ...blocks].join('\n\n')}\n`
}

function sectionLines(manifest: Manifest, key: string, kinds: readonly JsonSchema[]): string[] {
  const section = (manifest as Section)[key] as Section
  const own = kinds.find(kind => kinds.length === 1 || section[nameOf(kind).field] === nameOf(kind).name)
  const names = kinds.map(kind => nameOf(kind).name).join(', ')
  const lines = Object.entries(own?.properties ?? {}).flatMap(([field, { description = names, examples }]) => {
    if (section[field] !== undefined) return [...commentLines(description), ...fieldLines(field, section[field])]
    const example = examples?.[0]
    if (example === undefined || !takes(manifest, key, { ...section, [field]: example })) return []
    return [...commentLines(description), ...fieldLines(field, example).map(line => `#${line}`)]
  })
  return lines.map(line => `  ${line}`)
}

/** A comment, of several lines where kinds are too many for one. */
function commentLines(text: string): string[] {
  const lines = ['#']
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`
    if (longer.length <= commentWidth) lines[lines.length - 1] = longer
    else lines.push(`# ${word}`)
  }
  return lines
}

/** Is the manifest valid with such a section? A shipped set is read unchanged, so options for tables do not apply. */
function takes(manifest: Manifest, key: string, section: Section): boolean {
  if (key === 'data' && isShipped(manifest.data.set)) return false
  return isManifest({ ...manifest, [key]: section })
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
