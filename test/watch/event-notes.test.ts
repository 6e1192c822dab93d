import { describe, expect, it } from 'vitest'
import { createEventNotes } from '../../src/watch/event-notes.js'

describe('what is out of the ordinary', () => {
  it('is told with the names of peers', () => {
    const noteOf = createEventNotes(['anna', 'be\nrt'])
    expect(noteOf({ type: 'failed', peer: 1, round: 0 })).toBe('be\\nrt was killed in round 1')
    expect(noteOf({ type: 'joined', peer: 0, heard: 0, missing: [1] })).toBe(
      'anna begins without its neighbours be\\nrt: not heard of in time',
    )
    expect(noteOf({ type: 'joined', peer: 0, heard: 1, missing: [] })).toBeUndefined()
  })

  it('of a liar is told once by each who refuses it, and again where it lies otherwise', () => {
    const noteOf = createEventNotes(['anna', 'bert', 'carl'])
    const head = { peer: 2, name: 'carl', reason: 'TOO_FAR', times: 12 } as const
    const refused = (peer: number, round: number, heads = [head]) =>
      noteOf({ type: 'refused', peer, round, step: 0, heads })
    expect(refused(0, 1)).toMatch(/^round 2: at anna, carl refused: its head lies 12 times as far/)
    expect(refused(0, 2)).toBeUndefined()
    expect(refused(1, 2)).toMatch(/^round 3: at bert, carl refused/)
    const worse = { ...head, reason: 'LOSS_TOO_HIGH' } as unknown as typeof head
    expect(refused(0, 3, [head, worse])).toMatch(/^round 4: at anna, carl refused: with its head the loss/)
  })
})
