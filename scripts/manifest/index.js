// What is made of the fields of manifests and sweeps: the JSON Schemas that ship with the package, and docs/manifest.md. To
// be run after a change to a field (`npm run manifest`); test/manifest-files.test.ts fails until it is.
import { writeFileSync } from 'node:fs'
import { manifestJsonSchema } from '../../dist/node/index.js'
import { sweepJsonSchema } from '../../dist/sweep/index.js'
import { pageOf, schemaFile } from './page.js'

const schema = manifestJsonSchema()
writeFileSync(new URL('../../schema/manifest.schema.json', import.meta.url), schemaFile(schema))
writeFileSync(new URL('../../docs/manifest.md', import.meta.url), pageOf(schema))
writeFileSync(new URL('../../schema/sweep.schema.json', import.meta.url), schemaFile(sweepJsonSchema()))
