import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { shippedSets } from '../src/data/index.js'
import { type JsonSchema, kindsOf, nameOf } from '../src/json-schema.js'
import { manifestJsonSchema } from '../src/node/index.js'
import { sweepJsonSchema } from '../src/sweep/index.js'

// Scripts are JavaScript without declarations: what is used of them is said here.
const { pageOf, schemaFile } = (await import(new URL('../scripts/manifest/page.js', import.meta.url).href)) as Readonly<
  Record<'pageOf' | 'schemaFile', (schema: JsonSchema) => string>
>
const fileOf = (path: string): Promise<string> => readFile(new URL(`../${path}`, import.meta.url), 'utf8')

// `npm run manifest` writes all of them anew.
describe('what is made of the fields of manifests and sweeps', () => {
  it('is the JSON Schemas that ship with the package', async () => {
    expect(await fileOf('schema/manifest.schema.json')).toBe(schemaFile(manifestJsonSchema()))
    expect(await fileOf('schema/sweep.schema.json')).toBe(schemaFile(sweepJsonSchema()))
  })

  it('is docs/manifest.md', async () => {
    expect(await fileOf('docs/manifest.md')).toBe(pageOf(manifestJsonSchema()))
  })
})

/** Every section and field with its text, and every kind of a section. */
function textsOf({ properties = {} }: JsonSchema): (readonly [string, string | undefined])[] {
  return Object.entries(properties).flatMap(([section, schema]) => [
    [section, schema.description] as const,
    ...kindsOf(schema).flatMap(kind => {
      const { field: first, name } = nameOf(kind)
      const isNamed = name !== undefined
      return Object.entries(kind.properties!).map(([field, { description }]) =>
        isNamed && field === first
          ? ([`${section}: ${name}`, kind.description] as const)
          : ([`${section}.${field}${isNamed ? ` of ${name}` : ''}`, description] as const),
      )
    }),
  ])
}

it('every field of every section and method has a text, of one line', () => {
  const texts = textsOf(manifestJsonSchema())
  expect(texts.length).toBeGreaterThan(100)
  expect(texts.filter(([, text = '']) => !/^\S.{3,108}\S$/.test(text))).toEqual([])
})

it('shipped sets are named where people choose one', () => {
  const text = new Map(textsOf(manifestJsonSchema())).get('data.set')
  for (const set of Object.keys(shippedSets)) expect(text).toContain(set)
})
