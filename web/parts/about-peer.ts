import type { Column, Miss, RoundRecord, RunRecord } from '../../src/watch/record/shape.js'
import { lastOf } from '../columns.js'

/** More names than this are told as a number. */
const mostNames = 8

/** The figure that peers are told apart by. */
export interface PeerFigure {
  readonly name: string
  readonly of: (round: RoundRecord) => Column
  readonly text: (value: number | null) => string
}

/** A peer in a round, in a line. @param at - the round's place in the record */
export function aboutPeer(
  { members, rounds }: RunRecord,
  at: number,
  peer: number,
  samples: number | null,
  { name, of: figureOf, text }: PeerFigure,
): string {
  const { round, edges, absent, refused, silent } = rounds[at]!
  const nameOf = (other: number): string => members[other]?.name ?? String(other)
  const until = rounds.slice(0, at + 1)
  const from = sendersTo(edges, peer)
  const heardIn = until.findLast(({ edges }) => edges.some((other, place) => place % 2 === 0 && other === peer))?.round
  const of = (misses: readonly Miss[]): string =>
    misses
      .filter(miss => miss.peer === peer)
      .map(({ of, reason }) => `${nameOf(of)} (${reason})`)
      .join(', ')
  const [missed, disbelieved] = [of(absent), of(refused)]
  const reasons = counted(until.flatMap(({ refused }) => refused).filter(miss => miss.of === peer))
  return [
    `${peer}: ${nameOf(peer)}, ${members[peer]!.peer}`,
    `round ${round + 1}`,
    `${name} ${text(lastOf(until.map(figureOf), peer))}`,
    ...(samples === null ? [] : [`${samples.toLocaleString('en')} samples`]),
    heardIn === undefined ? 'no peer has heard it' : `last heard in round ${heardIn + 1}`,
    ...(silent.includes(peer) ? ['no exchange in this round'] : []),
    from.length === 0
      ? 'received nothing'
      : `received from ${from.length > mostNames ? `${from.length} peers` : from.map(nameOf).join(', ')}`,
    ...(missed === '' ? [] : [`without ${missed}`]),
    ...(disbelieved === '' ? [] : [`refused ${disbelieved}`]),
    ...(reasons === '' ? [] : [`its heads were refused: ${reasons}`]),
  ].join(' · ')
}

function sendersTo(edges: readonly number[], peer: number): number[] {
  const from: number[] = []
  for (let at = 0; at < edges.length; at += 2) if (edges[at + 1] === peer) from.push(edges[at]!)
  return from
}

/** How often each reason was given: "TOO_FAR 3". */
function counted(misses: readonly Miss[]): string {
  const times = new Map<string, number>()
  for (const { reason } of misses) times.set(reason, (times.get(reason) ?? 0) + 1)
  return [...times].map(([reason, count]) => `${reason} ${count}`).join(', ')
}
