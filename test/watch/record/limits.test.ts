import { describe, expect, it } from 'vitest'
import { type RecordLimits, recordLimits } from '../../../src/watch/record/limits.js'
import { createRecord, type RecordFold } from '../../../src/watch/record/record.js'

const begin = (peers: number) => ({
  ...{ type: 'begin', atMs: 1, round: 0, run: 'ab' },
  members: Array.from({ length: peers }, (_, place) => ({ peer: `id-${place}`, name: `peer ${place}` })),
})
const ended = (round: number, peer = 0) => ({ type: 'ended', round, peer: `id-${peer}`, seconds: 1 })
const trained = (peer: number) => ({
  ...{ type: 'trained', round: 0, peer: `id-${peer}` },
  ...{ loss: 1, samples: 1, seconds: 1 },
})
const merged = (figures: object, perPeer = {}, peer = 0) => ({
  ...{ type: 'merged', round: 0, peer: `id-${peer}` },
  ...{ figures, perPeer },
})
const missed = (of: readonly number[], peer = 0) => ({
  ...{ type: 'exchanged', round: 0, peer: `id-${peer}`, received: [], waitSeconds: 0 },
  absent: of.map(place => ({ peer: `id-${place}`, reason: 'late' })),
})
const named = (many: number, from = 0): Record<string, number> =>
  Object.fromEntries(Array.from({ length: many }, (_, i) => [`name ${from + i}`, 1]))

function folded(events: readonly object[], limits: Partial<RecordLimits> = {}): RecordFold {
  const record = createRecord({ ...recordLimits, ...limits })
  for (const event of events) record.add(event)
  return record
}

describe('a record holds so much, and what goes beyond is not read', () => {
  it('of rounds, each of which has a number of every member', () => {
    const record = folded([begin(10), ended(0), ended(1), ended(2), ended(1)], { cells: 200 })
    expect(record.record()).toMatchObject({ malformed: 1, rounds: [{ round: 0 }, { round: 1 }] })
    // What is not kept makes room.
    expect(record.take(0)?.round).toBe(0)
    record.add(ended(2))
    expect(record.record()).toMatchObject({ malformed: 1, rounds: [{ round: 1 }, { round: 2 }] })
  })

  it('of members, who have a number in every round', () => {
    const { members, malformed } = folded([begin(10), ended(0), ended(0, 10), ended(0, 11)], { cells: 110 }).record()
    expect([members.length, malformed]).toEqual([11, 1])
  })

  it('of rows, which have a number of every member, and of baselines', () => {
    const rows = [0, 1, 2].map(peer => merged({}, { weights: {} }, peer))
    const { rounds, malformed } = folded([begin(10), ...rows], { cells: 130 }).record()
    expect(malformed).toBe(1)
    expect(rounds[0]!.matrices.weights!.map(row => row !== null)).toEqual([
      ...[true, true],
      ...Array.from({ length: 8 }, () => false),
    ])
    // A peer that does its round again has a row less until it has merged.
    const again = folded([begin(10), ...rows.slice(0, 2), trained(0), rows[2]!], { cells: 130 }).record()
    expect(again.rounds[0]!.matrices.weights!.map(row => row !== null).slice(0, 3)).toEqual([false, true, true])
    const baselines = [0, 1, 2].map(round => ({
      ...{ type: 'baseline', name: 'localOnly', round, peer: 'id-0', accuracy: 0.5 },
    }))
    const tested = folded([begin(1), ...baselines], { cells: 2 }).record()
    expect([tested.baselines.localOnly.length, tested.malformed]).toEqual([2, 1])
  })

  it('of names in a round, of each kind', () => {
    const events = [merged(named(3)), merged(named(3), {}, 1), merged(named(1, 3)), merged({}, { a: {} })]
    const { rounds, malformed } = folded([begin(2), ...events], { names: 3 }).record()
    expect([malformed, Object.keys(rounds[0]!.figures).length, Object.keys(rounds[0]!.matrices)]).toEqual([1, 3, ['a']])
    const test = { type: 'evaluated', round: 0, peer: 'id-0', accuracy: 0.5 }
    const many = folded([begin(2), { ...test, ...named(65) }, { ...test, ...named(64) }]).record()
    expect([many.malformed, Object.keys(many.rounds[0]!.beside).length]).toEqual([1, 64])
  })

  it('of heads that did not come in a round', () => {
    const events = [missed([1, 1]), missed([1, 1], 1), missed([0], 1), trained(0), missed([0], 1)]
    const { rounds, malformed } = folded([begin(2), ...events], { misses: 4 }).record()
    expect([malformed, rounds[0]!.absent.map(({ peer, of }) => [peer, of])]).toEqual([
      1,
      [
        [1, 1],
        [1, 1],
        [1, 0],
      ],
    ])
  })
})

describe('a line takes no longer where many came before it', () => {
  const others = Array.from({ length: 5000 }, (_, place) => place)

  it('of a peer that does its round again, and again', () => {
    const again = Array.from({ length: 5000 }, () => trained(0))
    const { rounds } = folded([begin(2), ...Array.from({ length: 20 }, () => missed(others, 1)), ...again]).record()
    expect(rounds[0]!.absent).toHaveLength(100_000)
  })

  it('of a peer that has received much', () => {
    const received = { type: 'exchanged', round: 0, peer: 'id-0', absent: [], waitSeconds: 0 }
    const more = Array.from({ length: 5000 }, () => ({ ...received, received: ['id-1'] }))
    const { rounds } = folded([{ ...received, received: others.map(place => `id-${place}`) }, ...more]).record()
    expect(rounds[0]!.edges).toHaveLength(2 * others.length)
  })

  it('of a run that many have left', () => {
    const none = Array.from({ length: 5000 }, (_, round) => ({ type: 'members', round: round + 1, members: [] }))
    const { members } = folded([begin(5000), ...none]).record()
    expect(new Set(members.map(({ goneSince }) => goneSince))).toEqual(new Set([1]))
  })
})
