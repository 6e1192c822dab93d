import type { HeardReport, RoundReport } from '../../gossip/index.js'

/*
 * In which round a peer is, beside the others of its run, as far as their reports tell.
 */

/** A peer that is so many rounds behind will not bring its head of this round in time. */
const farBehind = 2

/** Is it in its rounds, and not waiting as we are? */
export function isUnderWay({ from, head, samples }: HeardReport, rounds: number): boolean {
  return from < rounds && (head !== undefined || samples > 0)
}

/** It has ended this round, or one after it. */
export function isPast({ round, head, samples }: HeardReport, asked: number): boolean {
  // Round 0 is told before and after it; what was trained on, only after it.
  return head !== undefined && (asked === 0 ? samples > 0 : round >= asked)
}

/** Its head of the round asked for is not worth waiting for. */
export function isFarBehind({ round, from }: Pick<HeardReport, 'round' | 'from'>, asked: number): boolean {
  return asked - Math.max(round, from) > farBehind
}

/** What a peer reports that comes back to begin with a round: it has ended the one before. */
export function endedBefore(round: number, samples: number): RoundReport {
  return round === 0 ? { round, samples: 0 } : { round: round - 1, samples }
}

/** The round that most of the others have ended, or −1. One that has no head yet is as new as we are. */
export function endedByMost(others: readonly HeardReport[], rounds: number): number {
  const underWay = others.filter(report => isUnderWay(report, rounds))
  return median(underWay.filter(({ head }) => head !== undefined).map(({ round }) => round))
}

/**
 * The same for a peer that comes (back) and has no round yet. While others are under way, their rounds count: as far as
 * they have gone on, though their records may be of before. When all came back at once, everybody counts, itself too, so
 * that all who see the same peers begin with the same round; a few that report too much do not move it.
 *
 * @param round - where it left off
 */
export function endedByMostBefore(all: readonly HeardReport[], round: number, rounds: number): number {
  const others = all.filter(({ head, samples }) => head !== undefined || samples > 0)
  const underWay = others.filter(report => isUnderWay(report, rounds))
  if (underWay.length > 0) return median(underWay.map(report => Math.max(report.round, report.from - 1)))
  if (others.length === 0) return -1
  return median([...others.map(report => report.round), ...(round > 0 ? [round - 1] : [])])
}

/** The upper one of two; −1 of nothing. */
function median(rounds: readonly number[]): number {
  return [...rounds].sort((a, b) => a - b)[Math.floor((rounds.length - 1) / 2)] ?? -1
}
