import { describe, expect, it } from 'vitest'
import { attackText, parseAttacks } from '../../../src/simulate/attacks/attack.js'
import { attackKinds, attackNames } from '../../../src/simulate/attacks/kinds.js'

describe('--attack', () => {
  it('is a kind and peers, with a number and a first round where these are given', () => {
    expect(parseAttacks(['ipm=1:5,2@3', 'free-rider:0'], 8, 4)).toEqual([
      { kind: 'free-rider', peers: [0], round: 0 },
      { kind: 'ipm', amount: 1, peers: [2, 5], round: 3 },
    ])
    expect(parseAttacks([], 1, 1)).toEqual([])
  })

  it('settles every number, and is read again as it is shown', () => {
    const texts = attackNames.map((kind, peer) => `${kind}:${peer}`)
    const attacks = parseAttacks(texts, 32, 1)
    expect(attacks.map(({ kind }) => kind)).toEqual(attackNames)
    for (const attack of attacks) {
      expect(attack.amount === undefined).toBe(attackKinds[attack.kind].amount === undefined)
      expect(parseAttacks([attackText(attack)], 32, 1)).toEqual([attack])
    }
  })

  it('by one peer of an even number is read again as it is shown, too', () => {
    expect(parseAttacks(['alie:1'], 8, 1).map(attackText)).toEqual(['alie=0:1'])
    expect(parseAttacks(['alie=0:1'], 8, 1)).toEqual(parseAttacks(['alie:1'], 8, 1))
  })

  it('may be of every kind, each with its own peers', () => {
    expect(parseAttacks(['alie:1,2', 'sign-flip=10:3@5'], 16, 6).map(attackText)).toEqual([
      'alie=0.09656:1,2',
      'sign-flip=10:3@5',
    ])
  })

  it.each([
    ['alie', '--attack alie: write kind:peers, for example alie:2,5'],
    ['alie:', '--attack alie:: write kind:peers'],
    ['alie:-1', '--attack alie:-1: write kind:peers'],
    ['lie:1', '--attack lie:1: kinds are sign-flip, bit-flip, noise, alie, ipm'],
    ['sign-flop:1', 'did you mean "sign-flip"?'],
    ['min-max=2:1', '--attack min-max=2:1: min-max has no number; leave out =2'],
    ['noise=-1:1', '--attack noise=-1:1: the number (standard deviation) must be from 0 to 1000000'],
    ['backdoor=2:1', 'the number (share of its records) must be from 0.001 to 1'],
    ['alie:8', '--attack alie:8: there are peers 0 to 7'],
    ['alie:1@4', '--attack alie:1@4: there are rounds 0 to 3'],
    ['label-flip:1@1', 'label-flip poisons records from the first round on; leave out @1'],
    ['bit-flip:0,1,2,3,4,5,6,7', 'all 8 peers attack; leave one honest at least'],
    ['alie:0,1,2,3,4', '5 of 8 peers attack, a majority by themselves, for which ζ is infinite; give it, as alie=1.5'],
  ])('%j is refused', (text, message) => {
    expect(() => parseAttacks([text], 8, 4)).toThrow(message)
  })

  it('gives a peer one attack', () => {
    expect(() => parseAttacks(['ipm:1', 'noise:2,1'], 8, 4)).toThrow(
      '--attack noise:2,1: peer 1 attacks already (ipm:1); give it one attack',
    )
  })
})
