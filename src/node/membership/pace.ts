import type { HeardReport, RoundReport } from '../../gossip/index.js'
import type { Schedule } from '../../topology/index.js'

/*
 * The round that a peer is in, relative to the others of its run, according to their reports.
 */

/** A peer that is more exchanges behind than this will not send its head of this round in time. */
const farBehind = 2

/** Is the peer in its rounds, rather than waiting to begin? */
export function isUnderWay({ from, head, samples }: HeardReport, rounds: number): boolean {
  return from < rounds && (head !== undefined || samples > 0)
}

/** Has the peer ended this round, or one after it? */
export function isPast({ round, head, samples }: HeardReport, asked: number): boolean {
  // Round 0 is reported before and after it; the samples trained on, only after it.
  return head !== undefined && (asked === 0 ? samples > 0 : round >= asked)
}

/**
 * Is the peer too far behind for its head of this round to be worth waiting for? Rounds without exchange do not count:
 * nobody waits in them, so peers drift apart.
 */
export function isFarBehind(
  { round, from }: Pick<HeardReport, 'round' | 'from'>,
  asked: number,
  { exchangesBefore }: Pick<Schedule, 'exchangesBefore'> = everyRound,
): boolean {
  return exchangesBefore(asked) - exchangesBefore(Math.max(round, from)) > farBehind
}

const everyRound: Pick<Schedule, 'exchangesBefore'> = { exchangesBefore: round => round }

/** The report of a peer that comes back to begin with a round: it has ended the one before. */
export function endedBefore(round: number, samples: number): RoundReport {
  return round === 0 ? { round, samples: 0 } : { round: round - 1, samples }
}

/** The round that most of the others have ended, or −1. A peer that has no head yet does not count: it is new too. */
export function endedByMost(others: readonly HeardReport[], rounds: number): number {
  const underWay = others.filter(report => isUnderWay(report, rounds))
  return median(underWay.filter(({ head }) => head !== undefined).map(({ round }) => round))
}

/**
 * The same for a peer that joins or comes back and has no round yet. While others are under way, their rounds count: as
 * far as they have got, though their records may be older. When all came back at once, every peer counts, this one too,
 * so that all that see the same peers begin with the same round; a few that report too high a round do not change it.
 *
 * @param round - where the peer left off
 */
export function endedByMostBefore(all: readonly HeardReport[], round: number, rounds: number): number {
  const others = all.filter(({ head, samples }) => head !== undefined || samples > 0)
  const underWay = others.filter(report => isUnderWay(report, rounds))
  if (underWay.length > 0) return median(underWay.map(report => Math.max(report.round, report.from - 1)))
  if (others.length === 0) return -1
  return median([...others.map(report => report.round), ...(round > 0 ? [round - 1] : [])])
}

/** The lower one of two, so that one liar does not lead a newcomer out of the run; −1 if there is none. */
function median(rounds: readonly number[]): number {
  return [...rounds].sort((a, b) => a - b)[Math.floor((rounds.length - 1) / 2)] ?? -1
}
