import { expect, it } from 'vitest'
import { recipeOf } from '../../src/audit/recipe.js'
import { parseManifest } from '../../src/node/index.js'

it('a run whose peers take no local steps is refused', () => {
  const manifest = parseManifest({ data: 'digits', merge: 'one-byte' })
  expect(() => recipeOf(manifest, undefined as never)).toThrow('merge: one-byte cannot be audited')
})
