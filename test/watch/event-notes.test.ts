import { describe, expect, it } from 'vitest'
import { createEventNotes } from '../../src/watch/event-notes.js'

const first = { atMs: 0, peer: 'A', round: 0 }

describe('what is out of the ordinary', () => {
  it('is told with the names of peers', () => {
    const noteOf = createEventNotes([
      { peer: 'A', name: 'anna' },
      { peer: 'B', name: 'be\nrt' },
    ])
    expect(noteOf({ type: 'failed', atMs: 0, peer: 'B', round: 0 })).toBe('be\\nrt was killed in round 1')
    expect(noteOf({ type: 'joined', ...first, heard: 0, missing: ['B'] })).toBe(
      'anna begins without its neighbours be\\nrt: no record of them came in time',
    )
    expect(noteOf({ type: 'joined', ...first, heard: 1, missing: [] })).toBeUndefined()
  })

  it('of a liar is told once by each who refuses it, and again where it lies otherwise', () => {
    const noteOf = createEventNotes([
      { peer: 'A', name: 'anna' },
      { peer: 'B', name: 'bert' },
      { peer: 'C', name: 'carl' },
    ])
    const head = { peer: 'C', name: 'carl', reason: 'TOO_FAR', times: 12 } as const
    const refused = (peer: string, round: number, heads = [head]) =>
      noteOf({ type: 'refused', atMs: 0, peer, round, step: 0, heads })
    expect(refused('A', 1)).toMatch(/^round 2: at anna, carl refused: its head lies 12 times as far/)
    expect(refused('A', 2)).toBeUndefined()
    expect(refused('B', 2)).toMatch(/^round 3: at bert, carl refused/)
    const worse = { ...head, reason: 'LOSS_TOO_HIGH' } as unknown as typeof head
    expect(refused('A', 3, [head, worse])).toMatch(/^round 4: at anna, carl refused: with its head the loss/)
    const outvoted = { peer: 'C', name: 'carl', reason: 'OUTVOTED', asked: 0.25 } as unknown as typeof head
    expect(refused('A', 4, [outvoted])).toMatch(
      /carl refused: the rule gives its head no weight, of 25.0 % \(believe\)$/,
    )
    const tooFew = { peer: 'C', name: 'carl', reason: 'TOO_FEW', needed: 5 } as unknown as typeof head
    expect(refused('A', 5, [tooFew])).toMatch(/carl refused: the rule needs 5 vectors and fewer are here/)
    const tooStrict = { field: 'gamma', apart: 0.25 }
    expect(noteOf({ type: 'refused', atMs: 0, peer: 'A', round: 6, step: 0, heads: [tooFew], tooStrict })).toBe(
      'round 7: at anna, believe has left out more than half of the heads in three rounds on end; those of the first rounds lay at 0.250 of the own norm, in the middle: a larger gamma lets more in',
    )
  })
})
