import { HearsayError } from '../errors.js'
import type { AssembledPeer, Lockstep, PeerEvent, RunEvent } from '../node/index.js'
import { random } from '../random.js'
import type { RunSummary } from '../watch/index.js'
import { type Attack, attackText } from './attacks/attack.js'

/** A peer that dies on demand: after it has trained in this round, or waited, before it hands its head over. */
export interface Fault {
  readonly peer: number
  readonly round: number
}

/**
 * Which directions between peers are cut for the whole run: this share of all, drawn from the run's seed (dFLMoE's
 * "communication disconnect", ALGORITHMS.md 4.2).
 *
 * @param share - 0 … 1
 * @returns whether `peer` receives nothing from `other`
 */
export function cutLinks(share: number, peers: number, seed: number): (peer: number, other: number) => boolean {
  if (share === 0) return () => false
  const links = Uint32Array.from({ length: peers * peers }, (_, at) => at).filter(
    at => Math.floor(at / peers) !== at % peers,
  )
  const cut = new Set(
    random(seed, 'disconnect')
      .shuffle(links)
      .subarray(0, Math.round(share * links.length)),
  )
  return (peer, other) => cut.has(peer * peers + other)
}

/** Is this peer killed by then? */
export function isKilled(faults: readonly Fault[], peer: number, round: number): boolean {
  return faults.some(fault => fault.peer === peer && fault.round <= round)
}

/**
 * Reads the value of `--fail`, "peer@round", both from 0.
 *
 * @throws {@link HearsayError} `USAGE` when the text is malformed, or the run has no such peer or round
 */
export function parseFault(text: string, peers: number, rounds: number): Fault {
  const flag = '--fail'
  const match = /^(\d{1,6})@(\d{1,9})$/.exec(text)
  if (match === null) throw new HearsayError('USAGE', 'write peer@round, for example 3@5', { field: flag, value: text })
  const fault = { peer: Number(match[1]), round: Number(match[2]) }
  if (fault.peer >= peers) {
    throw new HearsayError('USAGE', `there are peers 0 to ${peers - 1}`, { field: flag, value: text })
  }
  if (fault.round >= rounds) {
    throw new HearsayError('USAGE', `there are rounds 0 to ${rounds - 1}`, { field: flag, value: text })
  }
  return fault
}

/** What is kept of the faults of a run; undefined where there is none. */
export function stagedFaults(
  faults: readonly Fault[],
  attacks: readonly Attack[],
  disconnect: number,
): RunSummary['faults'] {
  // Their order and repetition change nothing.
  const texts = (all: readonly Fault[]): string[] => [
    ...new Set(
      [...all].sort((a, b) => a.peer - b.peer || a.round - b.round).map(({ peer, round }) => `${peer}@${round}`),
    ),
  ]
  const staged = {
    ...(faults.length > 0 && { fail: texts(faults) }),
    ...(attacks.length > 0 && { attack: attacks.map(attackText) }),
    ...(disconnect > 0 && { disconnect }),
  }
  return Object.keys(staged).length === 0 ? undefined : staged
}

/**
 * Passes a peer's events on until its fault, if it has one, kills it. In lockstep the peer dies only when all others
 * have ended the round before: which of its last messages arrive must not depend on how busy the machine is.
 */
export async function* withFaults(
  peer: AssembledPeer,
  events: AsyncIterable<PeerEvent>,
  faults: readonly Fault[],
  lockstep: Lockstep | undefined,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void, undefined> {
  for await (const event of events) {
    yield event
    if (event.type !== 'trained' && event.type !== 'idle') continue
    if (faults.some(fault => fault.peer === peer.self && fault.round === event.round)) {
      await lockstep?.whenEnded(event.round - 1, signal)
      await peer.kill()
      yield { type: 'failed', atMs: Date.now(), peer: event.peer, round: event.round }
      return
    }
  }
}
