import { expect, it } from 'vitest'
import { mustDiffer } from '../../src/cli/compare.js'

it('files of a comparison do not take each other’s place', () => {
  for (const files of [{}, { html: 'a' }, { html: 'a', csv: 'b', latex: 'c' }]) mustDiffer(files)
  expect(() => mustDiffer({ html: 'same', csv: './same' })).toThrow(
    '--csv ./same: is the file of --html too; name another',
  )
  expect(() => mustDiffer({ csv: 'a/../b', latex: 'b' })).toThrow('--latex b: is the file of --csv too')
})
