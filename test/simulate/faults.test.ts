import { describe, expect, it } from 'vitest'
import { parseAttacks } from '../../src/simulate/attacks/attack.js'
import { stagedFaults } from '../../src/simulate/faults.js'
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
    const attacks = parseAttacks(['ipm=1:2', 'bit-flip:0@3'], 3, 4)
    expect(stagedFaults([two, one, two], attacks, 0.25)).toEqual({
      fail: ['0@3', '2@1'],
      attack: ['bit-flip=1:0@3', 'ipm=1:2'],
      disconnect: 0.25,
    })
    expect(stagedFaults([], attacks.slice(1), 0)).toEqual({ attack: ['ipm=1:2'] })
  })
})
