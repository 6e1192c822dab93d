import type { Forge } from '../../node/index.js'
import { random } from '../../random.js'
import { copyInSlices } from '../../turns.js'
import type { Attack } from './attack.js'
import { createHall } from './hall.js'
import { attackKinds } from './kinds.js'
import type { Known } from './known.js'

export interface AttackersInit {
  readonly attacks: readonly Attack[]
  /** Of the run, the attackers among them. */
  readonly peers: number
  readonly seed: number
  readonly isAsync: boolean
  /** Is this peer dead in this round, before it hands its head over? */
  readonly isGone: (peer: number, round: number) => boolean
}

/** The hostile peers of a simulation. */
export interface Attackers {
  /** How each hostile peer attacks, by number. */
  readonly byPeer: ReadonlyMap<number, Attack>
  /** Decides what a peer hands over, an honest one too: attackers hear it. */
  forgeOf(peer: number): Forge | undefined
  /** A peer begins its next round with this head. Resolves once it is copied, where the peer attacks with it. */
  begins(peer: number, head: Float32Array): Promise<void>
}

/** Puts a simulation's attackers in their places. */
export function createAttackers(init: AttackersInit): Attackers {
  const { attacks, peers, isAsync, isGone } = init
  const attackOf = new Map(attacks.flatMap(attack => attack.peers.map(peer => [peer, attack] as const)))
  const isListening = (peer: number, round: number): boolean => {
    const attack = attackOf.get(peer)
    return attack !== undefined && listens(attack) && round >= attack.round && !isGone(peer, round)
  }
  const all = Array.from({ length: peers }, (_, peer) => peer)
  const hall = createHall({
    isAsync,
    honestIn: round => all.filter(peer => !attackOf.has(peer) && !isGone(peer, round)),
    listenersIn: round => all.filter(peer => isListening(peer, round)).length,
  })
  const before = new Map<number, Float32Array>()

  const forgeAs =
    (peer: number, attack: Attack): Forge =>
    async (position, own, { graph, topology }, signal) => {
      const { round, step } = position
      if (round < attack.round) return own
      const honest = listens(attack) ? await hall.heard(position, signal) : new Map<number, Float32Array>()
      const known: Known = {
        own,
        before: padded(before.get(peer)!, own.length),
        honest,
        allies: new Set(attack.peers.filter(ally => !isGone(ally, round))),
        round,
        topology,
        random: random(init.seed, 'attack', peer, round, step),
      }
      try {
        // In an asynchronous run nobody may have said anything yet.
        return listens(attack) && honest.size === 0 ? own : await forged(attack, known, graph.sendsTo(peer))
      } finally {
        if (listens(attack)) hall.leave(position)
      }
    }

  const overhear =
    (peer: number): Forge =>
    async (position, head) => {
      await hall.say(peer, position, head)
      return head
    }

  return {
    byPeer: attackOf,
    forgeOf(peer) {
      const attack = attackOf.get(peer)
      if (attack === undefined) return attacks.some(listens) ? overhear(peer) : undefined
      return attackKinds[attack.kind].poisons ? undefined : forgeAs(peer, attack)
    },
    async begins(peer, head) {
      if (!attackOf.has(peer)) return
      const copy = before.get(peer) ?? new Float32Array(head.length)
      before.set(peer, copy)
      await copyInSlices(copy, head)
    },
  }
}

/** What the attack hands over: one vector to all, or each receiver its own. */
async function forged({ kind, amount = 0 }: Attack, known: Known, receivers: readonly number[]): ReturnType<Forge> {
  const { vector, targeted } = attackKinds[kind]
  if (targeted === undefined) {
    const out = new Float32Array(known.own.length)
    await vector!(out, known, amount)
    return out
  }
  const vectors = new Map<number, Float32Array>()
  for (const receiver of receivers) {
    const out = new Float32Array(known.own.length)
    await targeted(out, known, amount, receiver)
    vectors.set(receiver, out)
  }
  return vectors
}

function listens({ kind }: Attack): boolean {
  return attackKinds[kind].listens === true
}

/** What travels beside the head, or scalars in its place, is not known from before the training: 0. */
function padded(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values
  const other = new Float32Array(length)
  if (values.length < length) other.set(values)
  return other
}
