import { expect, it } from 'vitest'
import { methodNames } from '../../src/methods/index.js'

const { filesNaming } = (await import('../../scripts/method-cost/naming.js' as string)) as {
  filesNaming(name: string): string[]
}

it.each(methodNames())('no file of src outside the room of the methods names %s', name => {
  expect(filesNaming(name)).toEqual([])
})
