import { HearsayError } from '../../errors.js'
import { didYouMean } from '../../nearest.js'
import { type AttackName, attackKinds, attackNames } from './kinds.js'
import { alieFactor } from './spread.js'

/** Peers that attack together: one `--attack`. */
export interface Attack {
  readonly kind: AttackName
  /** The kind's number: how strong it is. Left out by kinds without one. */
  readonly amount?: number
  /** Ascending. */
  readonly peers: readonly number[]
  /** The first round in which they attack; before it they are honest. */
  readonly round: number
}

const flag = '--attack'
const form = /^([a-z-]{1,20})(?:=([0-9.eE+-]{1,24}))?:(\d{1,6}(?:,\d{1,6})*)(?:@(\d{1,9}))?$/

/**
 * Reads "kind:peers", "kind=number:peers" and the same with "@round" behind it; peers and rounds count from 0.
 *
 * @param texts - each read as one attack
 * @returns attacks whose numbers are settled, in the order of their first peers
 * @throws {@link HearsayError} `USAGE` when a text is malformed, or the run has no such kind, peer or round; when a peer
 *   has two attacks, or no peer is left that has none
 */
export function parseAttacks(texts: readonly string[], peers: number, rounds: number): Attack[] {
  const attacks = texts.map(text => parseAttack(text, peers, rounds))
  const of = new Map<number, string>()
  for (const [at, attack] of attacks.entries()) {
    for (const peer of attack.peers) {
      if (of.has(peer)) throw refused(texts[at]!, `peer ${peer} attacks already (${of.get(peer)}); give it one attack`)
      of.set(peer, texts[at]!)
    }
  }
  if (of.size > 0 && of.size === peers)
    throw refused(texts.join(' '), `all ${peers} peers attack; leave one honest at least`)
  return attacks.map(attack => settled(attack, peers, of.size)).sort((a, b) => a.peers[0]! - b.peers[0]!)
}

function parseAttack(text: string, peers: number, rounds: number): Attack {
  const [, name, number, list, at] = form.exec(text) ?? []
  if (name === undefined || list === undefined) {
    throw refused(text, 'write kind:peers, for example alie:2,5, sign-flip=10:3 or ipm:1@5 from its sixth round on')
  }
  const kind = attackNames.find(known => known === name)
  if (kind === undefined) throw refused(text, `kinds are ${attackNames.join(', ')}${didYouMean(name, attackNames)}`)
  const { amount, poisons } = attackKinds[kind]
  if (number !== undefined && amount === undefined) throw refused(text, `${kind} has no number; leave out =${number}`)
  if (number !== undefined && !(Number(number) >= amount!.least && Number(number) <= amount!.most)) {
    throw refused(text, `the number (${amount!.says}) must be from ${amount!.least} to ${amount!.most}`)
  }
  const numbers = [...new Set(list.split(',').map(Number))].sort((a, b) => a - b)
  if (numbers.at(-1)! >= peers) throw refused(text, `there are peers 0 to ${peers - 1}`)
  const round = Number(at ?? 0)
  if (round >= rounds) throw refused(text, `there are rounds 0 to ${rounds - 1}`)
  if (round > 0 && poisons) throw refused(text, `${kind} poisons records from the first round on; leave out @${round}`)
  return { kind, ...(number !== undefined && { amount: Number(number) }), peers: numbers, round }
}

/** With the number that is usual where none is given. */
function settled(attack: Attack, peers: number, attackers: number): Attack {
  const { usual } = attackKinds[attack.kind].amount ?? {}
  if (usual === undefined || attack.amount !== undefined) return attack
  const amount = usual === 'computed' ? Number(alieFactor(peers, attackers).toPrecision(4)) : usual
  if (Number.isFinite(amount)) return { ...attack, amount }
  throw refused(
    attackText(attack),
    `${attackers} of ${peers} peers attack, a majority by themselves, for which ζ is infinite; give it, as alie=1.5`,
  )
}

/** An attack as it is kept and shown, which {@link parseAttacks} reads as the same: "alie=0.2104:2,5", with "@5" behind it where it begins later. */
export function attackText({ kind, amount, peers, round }: Attack): string {
  const number = amount === undefined ? '' : `=${amount}`
  return `${kind}${number}:${peers.join(',')}${round === 0 ? '' : `@${round}`}`
}

function refused(text: string, why: string): HearsayError {
  return new HearsayError('USAGE', why, { field: flag, value: text })
}
