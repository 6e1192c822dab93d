import { classification, type Dataset } from '../../data/index.js'
import { HearsayError } from '../../errors.js'
import { methodOf } from '../../methods/index.js'
import type { Manifest } from '../../node/index.js'
import { drawnIn } from '../../topology/index.js'
import { type Attack, attackText, parseAttacks } from './attack.js'
import { attackKinds } from './kinds.js'

/**
 * The attacks on a run.
 *
 * @param texts - as `--attack` has them
 * @throws {@link HearsayError} `USAGE` as {@link parseAttacks} does, and where the run's method does not go with one
 */
export function attacksOn(
  { peers, rounds, merge, encoding, exchange }: Manifest,
  texts: readonly string[] = [],
): Attack[] {
  const attacks = parseAttacks(texts, peers, rounds)
  const { road, needs } = methodOf(merge)
  for (const attack of attacks) {
    const { kind } = attack
    if (attackKinds[kind].targeted !== undefined && (road !== 'neighbours' || needs.updates === true)) {
      throw refused(
        attack,
        `merge: ${merge.method} has one vector for all, and ${kind} a different one for each; take another kind`,
      )
    }
    if (exchange.when === 'sampled') {
      throw refused(attack, 'exchange: sampled has no neighbours that a peer could lie to; exchange in every round')
    }
    const leaves = exchange.when === 'adaptive' ? 'when: adaptive' : drawnIn(exchange).partners && 'partners'
    if (attackKinds[kind].listens === true && leaves) {
      throw refused(
        attack,
        `hears what all honest peers hand over, and exchange.${leaves} leaves some silent; take another kind`,
      )
    }
    if (attackKinds[kind].targeted !== undefined && encoding.memory !== undefined) {
      throw refused(
        attack,
        `encoding.memory lets a peer say one thing to all, and ${kind} says a different one to each; take another kind`,
      )
    }
    // Its success is that of a peer's one model.
    if (kind === 'backdoor' && needs.models === 'own') {
      throw refused(attack, `merge: ${merge.method} answers with many heads, of which no backdoor is measured; average`)
    }
  }
  return attacks
}

/** @throws {@link HearsayError} `USAGE` where records cannot be poisoned in that way */
export function checkPoison(attacks: readonly Attack[], { objective = classification }: Dataset): void {
  const poisons = attacks.find(({ kind }) => attackKinds[kind].poisons)
  if (poisons === undefined || objective.kind === 'classification') return
  throw refused(poisons, 'changes classes, and these data have none; take another kind')
}

function refused(attack: Attack, why: string): HearsayError {
  return new HearsayError('USAGE', why, { field: '--attack', value: attackText(attack) })
}
