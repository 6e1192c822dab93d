import * as z from 'zod'
import { type JsonSchema, kindsOf, nameOf, wordsOf } from '../json-schema.js'
import { methodNamed } from '../methods/index.js'
import { manifestSchema } from './manifest.js'

type Writable = { -readonly [keyword in keyof JsonSchema]: JsonSchema[keyword] }

/**
 * The manifest as a JSON Schema: for editors, and for whatever explains fields to people (`hearsay init`, `--help`,
 * docs/manifest.md). It covers every method that is known so far. A default that depends on other fields is the one
 * that applies where they are at their own defaults.
 */
export function manifestJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(manifestSchema(), { io: 'input', unrepresentable: 'any', override: describedField })
  const whole = schema as JsonSchema
  const title = 'Manifest of a run of Hearsay'
  for (const [name, section] of Object.entries(whole.properties!)) settleDefaults(name, section)
  return { title, ...whole }
}

/** Turns what a field's schema declares by `.meta({ says, example, word, paper, implied })` into JSON Schema's keywords. */
export function describedField({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: object }): void {
  const node = jsonSchema as Writable
  const { says, example, word, paper } = node
  for (const own of ['says', 'example', 'word', 'paper', 'implied']) delete node[own]
  if (says !== undefined) node.description = says as string
  if (example !== undefined) node.examples = [example]
  if (paper !== undefined) node.$comment = paper
  const { def } = (zodSchema as z.core.$ZodTypes)._zod
  if (def.type === 'object' && node.required !== undefined) {
    const needed = node.required.filter(field => z.globalRegistry.get(def.shape[field]!)?.implied !== true)
    if (needed.length === 0) delete node.required
    else node.required = needed
  }
  if (word === undefined) return
  const { description: _text, default: _usual, ...section } = node
  for (const keyword of Object.keys(section)) delete node[keyword]
  node.anyOf = [wordOf(section, word as string), section]
}

/** A section written as one word: a kind that needs no other field, or the main field of a section without kinds. */
function wordOf(section: JsonSchema, field: string): JsonSchema {
  if (section.oneOf !== undefined) return { enum: wordsOf(section).map(kind => nameOf(kind).name) }
  return { type: 'string', examples: section.properties?.[field]?.examples ?? [] }
}

function settleDefaults(name: string, section: JsonSchema): void {
  for (const { properties = {}, required = [] } of kindsOf(section)) {
    const needed = Object.entries(properties).flatMap(([field, { const: only, examples }]) =>
      required.includes(field) ? [[field, only ?? examples?.[0]]] : [],
    )
    const written = Object.fromEntries(needed) as Record<string, unknown>
    if (Object.values(written).includes(undefined)) continue
    const { data } = manifestSchema().safeParse(needed.length === 0 ? {} : { [name]: written })
    // A section that goes only with fields of others has no default that depends on them.
    if (data === undefined) continue
    const settled = (data as Readonly<Record<string, unknown>>)[name]
    for (const [field, schema] of Object.entries(properties as Record<string, Writable>)) {
      const value = (settled as Readonly<Record<string, unknown>> | undefined)?.[field]
      const isOpen = name !== 'merge' || takes(written.method as string, field, schema.examples?.[0])
      if (value !== undefined && !(field in written)) schema.default ??= value
      if (isOpen) continue
      // The method does not use the field, or has a number of its own for it, which the settled manifest contains.
      if (value === undefined) delete (properties as Record<string, JsonSchema>)[field]
      else schema.const = value
    }
  }
}

/** May the field be set to anything but the method's own number? */
function takes(method: string, field: string, example: unknown): boolean {
  return example === undefined || methodNamed(method).schema.safeParse({ method, [field]: example }).success
}
