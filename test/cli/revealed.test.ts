import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { revealedTable } from '../../src/cli/revealed.js'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'

/** Rows and the line below, with blanks as one. */
function rows(input: ManifestInput, isClosed = false): string[] {
  const plain = stripVTControlCharacters(revealedTable(parseManifest(input), isClosed))
  return plain.split('\n').map(line => line.trim().replaceAll(/ {2,}/g, ' | '))
}

const digits = { data: 'digits' } as const

it('says what is revealed to whom', () => {
  expect(rows(digits)).toEqual([
    'revealed | to whom',
    'your records | nobody',
    'your whole model, each round | neighbours on a ring; any other peer on request',
    'what it tells of one record | is not bounded (docs/privacy.md)',
    'number of records | every peer of the run',
    'loss and accuracy | every peer of the run',
    'name, peer id, addresses, pace | every peer of the run',
    'sizes and times of messages | who sees the network; their contents are encrypted',
    'The run is open: whoever has its address can be such a peer. A key, a list or invitations close it.',
  ])
})

it('says how much of one record, where training is private, and that loss and accuracy stay', () => {
  const asked = { data: { set: 'digits', standardise: 'none' }, privacy: { budget: 3 } } as const
  const table = rows(asked)
  expect(table).toContain('what it tells of one record | is at most ε 3 at a δ of 1e-5 or less')
  expect(table.join('\n')).not.toContain('loss and accuracy')
  expect(rows({ ...asked, privacy: { budget: 8, delta: 1e-6 } })).toContain(
    'what it tells of one record | is at most ε 8 at δ 0.000001',
  )
})

it('says which part of the model, and who gets it', () => {
  expect(rows({ ...digits, share: 'head', topology: 'full' })[2]).toBe(
    'the head of your model, each round | neighbours on a full graph; any other peer on request',
  )
  expect(rows({ ...digits, model: 'mlp', share: 'hidden_2' })[2]).toMatch(/^your model from the layer "hidden_2" on,/)
  expect(rows({ ...digits, model: 'mlp', share: 'body' })[2]).toMatch(/^your model without its head, each round/)
  expect(rows({ ...digits, model: 'mlp', merge: 'mixture' })[2]).toBe(
    'the head of your model, each round | every peer of the run, after you have left too',
  )
  expect(rows({ ...digits, merge: 'none' })).toContain('your model | nobody')
})

it('says that masks leave a sum, and nothing for who comes late', () => {
  const masked = { ...digits, topology: 'full', masks: true } as const
  expect(rows(masked)[2]).toBe(
    'your whole model, in a sum with 2 others or more, each round | neighbours on a full graph',
  )
  expect(rows({ ...masked, masks: { allowPairs: true } })[2]).toMatch(/in a sum with 1 other or more/)
})

it('says which sums are agreed on', () => {
  const columns = [
    { name: 'age', kind: 'number' as const },
    { name: 'ill', kind: 'label' as const },
  ]
  const task = { classes: ['no', 'yes'], columns, ranges: [{ centre: 50, spread: 16 }] }
  expect(rows({ data: 'own.csv', model: 'logistic', task })).toEqual(
    expect.arrayContaining([
      'sums of 1 column, over all peers | every peer of the run',
      'columns, classes of who began | every peer of the run',
    ]),
  )
  expect(rows({ data: { set: 'own.csv', standardise: 'agreed' }, model: 'logistic' })).toContain(
    'sums of columns, over all peers | every peer of the run',
  )
})

it('says who can be a peer', () => {
  expect(rows(digits, true).at(-1)).toBe('Only peers that are let in take part.')
  const founder = '12D3KooWE4EQeFnURhmVKmxWvQDbXyicrvZGoaaphVMXGiqgVkpq'
  expect(rows({ ...digits, access: { founders: [founder] } }).at(-1)).toBe('Only peers that are let in take part.')
})
