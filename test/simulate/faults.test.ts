import { describe, expect, it } from 'vitest'
import { forgeryOf, stagedFaults } from '../../src/simulate/faults.js'
import { parseFault } from '../../src/simulate/index.js'

describe('--fail', () => {
  it('is a peer and a round, both from 0', () => {
    expect(parseFault('2@1', 3, 2)).toEqual({ peer: 2, round: 1 })
    expect(parseFault('0@0', 1, 1)).toEqual({ peer: 0, round: 0 })
  })

  it.each([
    ['2-1', '--fail 2-1: write peer@round, for example 3@5'],
    ['', '--fail : write peer@round'],
    ['-1@0', '--fail -1@0: write peer@round'],
    ['1@1.5', '--fail 1@1.5: write peer@round'],
    ['3@0', '--fail 3@0: there are peers 0 to 2'],
    ['0@2', '--fail 0@2: there are rounds 0 to 1'],
  ])('%j is refused', (text, message) => {
    expect(() => parseFault(text, 3, 2)).toThrow(message)
  })
})

describe('what is kept of faults', () => {
  it('is the same in whatever order they were given, and nothing where there are none', () => {
    expect(stagedFaults([], [], 0)).toBeUndefined()
    const [one, two] = [
      { peer: 0, round: 3 },
      { peer: 2, round: 1 },
    ]
    expect(stagedFaults([two, one, two], [one], 0.25)).toEqual({ fail: ['0@3', '2@1'], lie: ['0@3'], disconnect: 0.25 })
    expect(stagedFaults([], [two], 0)).toEqual({ lie: ['2@1'] })
  })
})

describe('--lie', () => {
  it('is read as --fail is', () => {
    expect(() => parseFault('2', 3, 2, '--lie')).toThrow('--lie 2: write peer@round')
  })

  it('hands −10 times the head over, from its round on', () => {
    const forge = forgeryOf([{ peer: 1, round: 2 }], 1)!
    const head = Float32Array.of(1, -2)
    expect([1, 2, 3].map(round => [...forge(round, head)])).toEqual([
      [1, -2],
      [-10, 20],
      [-10, 20],
    ])
    expect(forgeryOf([{ peer: 1, round: 2 }], 0)).toBeUndefined()
  })
})
