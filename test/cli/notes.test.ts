import { expect, it } from 'vitest'
import { gammaNotes } from '../../src/cli/notes.js'
import { parseManifest } from '../../src/node/index.js'

it('a γ above what a codec bears on every graph is worth a note, and no other', () => {
  const notesOf = (encoding: object): readonly string[] => gammaNotes(parseManifest({ encoding: encoding as never }))
  const topk = { codec: 'topk', keep: 0.1, memory: 'choco' }
  expect(notesOf({ ...topk, gamma: 0.5 })).toEqual([
    'encoding.gamma: 0.5 is more than the 0.2 that topk bears on every graph: it may do on a ring, and runs apart on dense graphs; if accuracy falls, leave it out',
  ])
  for (const encoding of [topk, { ...topk, gamma: 0.1 }, { codec: 'int8' }, { codec: 'topk', memory: 'feedback' }]) {
    expect(notesOf(encoding)).toEqual([])
  }
})
