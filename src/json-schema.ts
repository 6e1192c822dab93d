/*
 * The part of JSON Schema (2020-12) that the manifest's schema uses, and how to read it: `hearsay init`, the help of
 * flags and docs/manifest.md describe the manifest's fields from it.
 */

export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly [keyword: string]: unknown
}

/** The kinds of a section, or the section itself where it has none; none for a schema that is no section. */
export function kindsOf({ anyOf, oneOf, properties, ...section }: JsonSchema): readonly JsonSchema[] {
  if (anyOf !== undefined) return anyOf.flatMap(kindsOf)
  return oneOf ?? (properties === undefined ? [] : [{ ...section, properties }])
}

/** A kind's first field names it. */
export function nameOf({ properties = {} }: JsonSchema): { readonly field: string; readonly name: unknown } {
  const [field = '', schema = {}] = Object.entries(properties)[0] ?? []
  return { field, name: schema.const }
}

/** Kinds that may be written as one word, since they need nothing else. */
export function wordsOf(section: JsonSchema): readonly JsonSchema[] {
  const isWord = (kind: JsonSchema): boolean => {
    const { field, name } = nameOf(kind)
    return name !== undefined && (kind.required ?? []).every(needed => needed === field)
  }
  return kindsOf(section).filter(isWord)
}

/** A description as it stands in the middle of a line; "ASAM" and "λ" stay as they are. */
export function inMidLine(description: string): string {
  return description.replace(/^[A-Z](?=[a-z\s])/, letter => letter.toLowerCase())
}
