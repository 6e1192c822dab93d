import type { RunEvent } from '../../src/node/index.js'
import { createRecord, type RunRecord } from '../../src/watch/index.js'

/** When the runs of these tests began. */
export const begunMs = 1_800_000_000_000

export const idOf = (name: string): string => `id-${name}`

/** A simulation of these peers, each round a second long; accuracies rise by a tenth a round. */
export function simulationOf(names: readonly string[], rounds: number): RunEvent[] {
  const members = names.map(name => ({ peer: idOf(name), name }))
  return [
    { type: 'begin', atMs: begunMs, round: 0, run: 'ab'.repeat(32), members },
    ...Array.from({ length: rounds }, (_, round) => roundOf(members, round)).flat(),
  ]
}

function roundOf(members: readonly { peer: string; name: string }[], round: number): RunEvent[] {
  const atMs = begunMs + 1000 * (round + 1)
  return [
    ...members.flatMap((member, place) => ownRound(member.peer, round, atMs - 900, members.at(place - 1)!.peer)),
    {
      type: 'round',
      atMs,
      round,
      peers: members.length,
      accuracy: { mean: (round + 1) / 10, min: (round + 1) / 10, max: (round + 1) / 10, ofMean: 0.5 },
      loss: 0.25,
      consensusDistance: 0.125,
      absent: members.length,
      samples: 10 * members.length,
      sentBytes: 1000 * (round + 1),
      seconds: round + 1,
    },
  ]
}

/** What one peer does in a round: trains, does without one head and does not believe another, merges, is tested. */
export function ownRound(peer: string, round: number, atMs: number, other: string): RunEvent[] {
  const of = { peer, round }
  return [
    { ...of, atMs, type: 'trained', loss: 0.25, samples: 10, seconds: 0.5 },
    {
      ...of,
      atMs: atMs + 100,
      type: 'exchanged',
      step: 0,
      received: [other],
      absent: [{ peer: other, reason: 'late' }],
      waitSeconds: 0.125,
    },
    {
      ...of,
      atMs: atMs + 100,
      type: 'refused',
      step: 0,
      heads: [{ peer: other, name: other.replace(/^id-/, ''), reason: 'TOO_FAR', times: 2 }],
    },
    { ...of, atMs: atMs + 200, type: 'merged', localDistance: 0.5, figures: { held: 2 } },
    { ...of, atMs: atMs + 300, type: 'evaluated', accuracy: (round + 1) / 10, loss: 1.5, macroF1: -0.5 },
    { ...of, atMs: atMs + 300, type: 'ended', seconds: 0.75 },
  ]
}

export function recordOf(events: readonly RunEvent[]): RunRecord {
  const record = createRecord()
  for (const event of events) record.add(event)
  return record.record()
}
