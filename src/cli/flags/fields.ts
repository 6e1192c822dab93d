import { createRequire } from 'node:module'
import { inMidLine, type JsonSchema, kindsOf, nameOf, wordsOf } from '../../json-schema.js'

// The schema as shipped with the package: its generator would take a second to load, and help must not wait for that.
const { properties: sections = {} } = createRequire(import.meta.url)('hearsay/manifest.schema.json') as JsonSchema

/** Help text of a field of the manifest, such as `training.batch`: what it does and its default. */
export function field(path: string): string {
  const [section, name] = path.split('.') as [string, string?]
  const schema = sections[section]!
  if (name === undefined) return line(schema.description!, text(schema.default))
  const having = kindsOf(schema).filter(kind => isOpen(kind.properties?.[name]))
  const { description } = having[0]!.properties![name]!
  // A field of the same name may mean something else in another kind.
  return line(
    description!,
    usualOf(
      having.filter(kind => kind.properties![name]!.description === description),
      name,
    ),
  )
}

function line(description: string, usual: string): string {
  return `${inMidLine(description)}${usual === '' ? '' : ` (default: ${usual})`}`
}

/** The kinds of a section that may be written as one word, and the default one. */
export function kinds(section: string): { readonly names: string; readonly usual: string } {
  const schema = sections[section]!
  return {
    names: wordsOf(schema)
      .map(kind => nameOf(kind).name)
      .join(', '),
    usual: text(schema.default),
  }
}

/** Can the field be set? A method that accepts only one value has the field for completeness alone. */
function isOpen(schema: JsonSchema | undefined): boolean {
  return schema !== undefined && schema.const === undefined
}

/** The default: "32", or where kinds differ "0.05 with dfedsam, else 0": the first in text order comes last. */
function usualOf(having: readonly JsonSchema[], name: string): string {
  const byDefault = new Map<string, string[]>()
  for (const kind of having) {
    const usual = text(kind.properties![name]!.default)
    if (usual === '') continue
    byDefault.set(usual, [...(byDefault.get(usual) ?? []), String(nameOf(kind).name)])
  }
  const [rest = ['', []], ...others] = [...byDefault].sort(([a], [b]) => (a < b ? -1 : 1))
  if (others.length === 0) return rest[0]
  return [...others.map(([usual, names]) => `${usual} with ${names.join(', ')}`), `else ${rest[0]}`].join(', ')
}

function text(value: unknown): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}
