import { HearsayError } from '../errors.js'
import type { AssembledPeer, Lockstep, PeerEvent, RunEvent } from '../node/index.js'
import { random } from '../random.js'
import type { RunSummary } from '../watch/index.js'

/** A peer that dies on demand: after it has trained in this round, before it hands its head over. */
export interface Fault {
  readonly peer: number
  readonly round: number
}

/** A peer that hands over a forged head from this round on. */
export type Lie = Fault

/**
 * What a lying peer hands over in place of its head: its head times −10, the sign flip of the literature on Byzantine
 * peers (arXiv 1703.02757) as it is usually scaled. It trains, merges and is tested like any other peer.
 */
export function forgeryOf(
  lies: readonly Lie[],
  peer: number,
): ((round: number, head: Float32Array) => Float32Array) | undefined {
  const begins = Math.min(...lies.filter(lie => lie.peer === peer).map(({ round }) => round))
  return begins === Number.POSITIVE_INFINITY
    ? undefined
    : (round, head) => (round < begins ? head : head.map(value => -10 * value))
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

/**
 * Reads "peer@round", both from 0.
 *
 * @param flag - whose value it is, for the error
 * @throws {@link HearsayError} `USAGE` when the text is malformed, or the run has no such peer or round
 */
export function parseFault(text: string, peers: number, rounds: number, flag = '--fail'): Fault {
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
export function stagedFaults(faults: readonly Fault[], lies: readonly Lie[], disconnect: number): RunSummary['faults'] {
  // Their order and repetition change nothing.
  const texts = (all: readonly Fault[]): string[] => [
    ...new Set(
      [...all].sort((a, b) => a.peer - b.peer || a.round - b.round).map(({ peer, round }) => `${peer}@${round}`),
    ),
  ]
  const staged = {
    ...(faults.length > 0 && { fail: texts(faults) }),
    ...(lies.length > 0 && { lie: texts(lies) }),
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
    if (event.type !== 'trained') continue
    if (faults.some(fault => fault.peer === peer.self && fault.round === event.round)) {
      await lockstep?.whenEnded(event.round - 1, signal)
      await peer.kill()
      yield { type: 'failed', atMs: Date.now(), peer: event.peer, round: event.round }
      return
    }
  }
}
