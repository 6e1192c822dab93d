import type { TargetedAttack, VectorAttack } from './known.js'
import { alie, minMax, noise } from './spread.js'
import { bitFlip, dissensus, freeRider, innerProduct, signFlip, twoFaced } from './weighted.js'

/** What the number of an attack is, as `sign-flip=10` gives it. */
export interface Amount {
  readonly says: string
  /** Taken where none is given; `alie` computes its own (`alieFactor`). */
  readonly usual: number | 'computed'
  readonly least: number
  readonly most: number
}

/** How peers can attack, for `--attack`. */
export interface AttackKind {
  /** In a few words, for people. */
  readonly says: string
  readonly amount?: Amount
  /** What it hands over to all; left out by attacks that hand over what they have learnt from poisoned records. */
  readonly vector?: VectorAttack
  /** What it hands over to each neighbour. */
  readonly targeted?: TargetedAttack
  /** Does it look at what honest peers hand over in the same exchange, and wait for it? */
  readonly listens?: true
  /** Does it train on records of its own making? Then it attacks from the first round on. */
  readonly poisons?: true
}

const factor = (says: string, usual: number): Amount => ({ says, usual, least: 0, most: 1e6 })

const kinds = {
  'sign-flip': {
    says: 'turns round what it has learnt',
    amount: factor('factor', 1),
    vector: signFlip,
  },
  'bit-flip': { says: 'turns its whole model round', amount: factor('factor', 1), vector: bitFlip },
  noise: { says: 'normal noise', amount: factor('standard deviation', 1), vector: noise },
  alie: {
    says: 'the mean of the honest less a little of their spread',
    amount: { says: 'ζ', usual: 'computed', least: 0, most: 1e6 },
    vector: alie,
    listens: true,
  },
  ipm: {
    says: 'the mean of the honest, turned round',
    amount: factor('ε', 0.1),
    vector: innerProduct,
    listens: true,
  },
  'min-max': {
    says: 'as far off as the honest are from each other',
    vector: minMax,
    listens: true,
  },
  dissensus: {
    says: 'drives each neighbour away from its honest neighbours',
    amount: factor('ε', 1.5),
    targeted: dissensus,
    listens: true,
  },
  'two-faced': {
    says: 'what it has learnt to even peers, turned round to odd ones',
    amount: factor('factor', 1),
    targeted: twoFaced,
  },
  'free-rider': { says: 'the last merged model again', vector: freeRider },
  'label-flip': { says: 'learns every class as its opposite', poisons: true },
  backdoor: {
    says: 'learns records with a trigger as the first class',
    amount: { says: 'share of its records', usual: 0.5, least: 0.001, most: 1 },
    poisons: true,
  },
} as const satisfies Readonly<Record<string, AttackKind>>

export type AttackName = keyof typeof kinds

export const attackKinds: Readonly<Record<AttackName, AttackKind>> = kinds

export const attackNames = Object.keys(kinds) as readonly AttackName[]
