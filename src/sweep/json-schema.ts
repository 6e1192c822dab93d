import * as z from 'zod'
import type { JsonSchema } from '../json-schema.js'
import { describedField } from '../node/index.js'
import { sweepSchema } from './schema.js'

/** A sweep's file as a JSON Schema, for editors. It refers to the manifest's, which lies beside it. */
export function sweepJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(sweepSchema, { io: 'input', unrepresentable: 'any', override: describedField })
  const { properties, ...whole } = schema as JsonSchema
  const { anyOf: _, ...base } = properties!.base!
  return {
    title: 'Sweep of Hearsay: runs that differ in a few fields of their manifests',
    ...whole,
    properties: { ...properties, base: { ...base, anyOf: [{ type: 'string' }, { $ref: 'manifest.schema.json' }] } },
  }
}
