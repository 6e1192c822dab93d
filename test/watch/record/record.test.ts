import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../../src/node/index.js'
import { createRecord, packed, type RunRecord, unpacked } from '../../../src/watch/index.js'

const names = ['boston', 'zurich', 'bern']
const members = names.map(name => ({ peer: `id-${name}`, name }))

function fold(events: readonly unknown[]): RunRecord {
  const record = createRecord()
  for (const event of events) record.add(event)
  return record.record()
}

/** What one peer does in a round, as the run's own types have it. */
function roundOf(peer: number, round: number, loss = 1, atMs = 1000): RunEvent[] {
  const of = { peer: members[peer]!.peer, round }
  const [other, third] = [members[(peer + 1) % 3]!, members[(peer + 2) % 3]!]
  return [
    { ...of, atMs, type: 'trained', loss, samples: 10 + peer, seconds: 0.5 },
    {
      ...of,
      atMs: atMs + 100,
      type: 'exchanged',
      step: 0,
      received: [other.peer],
      absent: [{ peer: third.peer, reason: 'late' }],
      waitSeconds: 0.1,
    },
    { ...of, atMs: atMs + 100, type: 'refused', step: 0, heads: [{ ...other, reason: 'TOO_FAR', times: 3 }] },
    {
      ...of,
      atMs: atMs + 150,
      type: 'merged',
      localDistance: 0.25,
      figures: { held: 2 },
      perPeer: { weights: { [of.peer]: 0.75, [other.peer]: 0.25 } },
    },
    { ...of, atMs: atMs + 350, type: 'evaluated', accuracy: 0.5, loss: 2, macroF1: 0.4, balancedAccuracy: 0.3 },
    { ...of, atMs: atMs + 350, type: 'ended', seconds: 1 },
  ]
}

function alone(peer: string, round: number, rounds: number, accuracy: number): RunEvent {
  return { type: 'baseline', atMs: 3, round, rounds, name: 'localOnly', peer, accuracy, beside: { auroc: 0.5 } }
}

const begin: RunEvent = { type: 'begin', atMs: 900, round: 0, run: 'ab', members }

describe('a run’s record', () => {
  it('has the numbers of a round by peer, and who received whose head', () => {
    const { run, members: known, rounds } = fold([begin, ...roundOf(1, 0)])
    expect({ run, names: known.map(({ name }) => name) }).toEqual({ run: 'ab', names })
    expect(rounds).toHaveLength(1)
    const [{ columns, beside, figures, matrices, edges, absent, refused }] = rounds as [RunRecord['rounds'][number]]
    expect(columns).toEqual({
      loss: [null, 1, null],
      samples: [null, 11, null],
      trainSeconds: [null, 0.5, null],
      waitSeconds: [null, 0.1, null],
      mergeSeconds: [null, 0.05, null],
      evaluateSeconds: [null, 0.2, null],
      roundSeconds: [null, 1, null],
      accuracy: [null, 0.5, null],
      testLoss: [null, 2, null],
      localDistance: [null, 0.25, null],
    })
    expect(beside).toEqual({ macroF1: [null, 0.4, null], balancedAccuracy: [null, 0.3, null] })
    expect(figures).toEqual({ held: [null, 2, null] })
    expect(matrices).toEqual({ weights: [null, [null, 0.75, 0.25], null] })
    expect(edges).toEqual([2, 1])
    expect(absent).toEqual([{ peer: 1, of: 0, reason: 'late' }])
    expect(refused).toEqual([{ peer: 1, of: 2, reason: 'TOO_FAR' }])
  })

  it('has the hint that a rule is too strict, and of a hint that is none nothing', () => {
    const hint = (tooStrict: unknown) => ({ type: 'refused', peer: 'id-bern', round: 4, step: 0, heads: [], tooStrict })
    const told = (...hints: unknown[]) => fold([begin, ...roundOf(2, 4), ...hints.map(hint)])
    const one = { field: 'gamma', apart: 0.25 }
    expect(told(one, one).rounds[0]!.tooStrict).toEqual([{ peer: 2, ...one }])
    for (const bad of ['gamma', null, { field: 3, apart: 1 }, { field: 'gamma', apart: 'far' }]) {
      const { rounds, malformed } = told(bad)
      expect([rounds[0]!.tooStrict, rounds[0]!.refused, malformed]).toEqual([[], [expect.anything()], 1])
    }
    // A peer that does the round again may say otherwise.
    expect(fold([begin, ...roundOf(2, 4), hint(one), ...roundOf(2, 4)]).rounds[0]!.tooStrict).toEqual([])
  })

  it('has who exchanged nothing, and how the final merge came out, of one that is none nothing', () => {
    const silent = { type: 'silent', peer: 'id-bern', round: 4 }
    const final = { type: 'final', peer: 'id-bern', round: 4, missed: ['id-boston'], isMerged: true, own: 0.5 }
    const told = (...events: unknown[]) => fold([begin, ...roundOf(2, 4), ...events])
    const [{ silent: who, finals }] = told(silent, final).rounds as [RunRecord['rounds'][number]]
    expect([who, finals]).toEqual([[2], [{ peer: 2, isMerged: true, missed: 1 }]])
    for (const bad of [{ isMerged: 1 }, { missed: 3 }, { missed: undefined }]) {
      const { rounds, malformed } = told({ ...final, ...bad })
      expect([rounds[0]!.finals, malformed]).toEqual([[], 1])
    }
    // A peer that does the round again may do otherwise.
    const again = told(silent, final, ...roundOf(2, 4)).rounds[0]!
    expect([again.silent, again.finals]).toEqual([[], []])
  })

  it('takes the later of two rounds of a peer that was resumed', () => {
    const others = roundOf(0, 3)
    const twice = fold([begin, ...others, ...roundOf(1, 3, 9, 1000), ...roundOf(1, 3, 7, 5000)])
    const once = fold([begin, ...others, ...roundOf(1, 3, 7, 5000)])
    expect(twice.rounds).toEqual(once.rounds)
  })

  it('has a graph once, however many rounds it is of, in memory and in a file', () => {
    const record = fold([begin, ...[0, 1, 2].flatMap(round => roundOf(1, round)), ...roundOf(2, 3)])
    const [first, second, third, fourth] = record.rounds
    expect(second!.edges).toBe(first!.edges)
    expect(third!.edges).toBe(first!.edges)
    expect(fourth!.edges).toEqual([0, 2])
    const file = JSON.stringify(packed(record))
    expect(JSON.parse(file).rounds.map(({ edges }: { edges: unknown }) => edges)).toEqual([[2, 1], null, null, [0, 2]])
    const again = unpacked(JSON.parse(file))
    expect(again).toEqual(record)
    expect(again.rounds[2]!.edges).toBe(again.rounds[0]!.edges)
  })

  it('makes a round anew only where something has changed in it', () => {
    const record = createRecord()
    for (const event of [begin, ...roundOf(0, 0), ...roundOf(0, 1)]) record.add(event)
    const before = record.record()
    for (const event of roundOf(1, 1)) record.add(event)
    const after = record.record()
    expect(after.rounds[0]).toBe(before.rounds[0])
    expect(after.rounds[1]).not.toBe(before.rounds[1])
    expect(before.rounds[1]!.columns.loss).toEqual([1, null, null])
    expect(after.rounds[1]!.columns.loss).toEqual([1, 1, null])
    const { untilMs } = after.rounds[1]!
    for (const atMs of [untilMs! - 1, untilMs! + 1]) record.add({ ...roundOf(1, 1).at(-1)!, atMs })
    expect(record.record().rounds[1]!.untilMs).toBe(untilMs! + 1)
  })

  it('adds up the waits of several gossip steps, and joins their edges', () => {
    const [trained, exchanged] = roundOf(0, 0)
    const again = { ...exchanged, step: 1, received: [members[2]!.peer], absent: [] }
    const { rounds } = fold([begin, trained, exchanged, again])
    expect(rounds[0]!.columns.waitSeconds[0]).toBeCloseTo(0.2)
    expect(rounds[0]!.edges).toEqual([1, 0, 2, 0])
  })

  it('has figures over all peers, baselines, and who was killed', () => {
    const spread = { mean: 0.5, min: 0.4, max: 0.6, ofMean: 0.7 }
    const {
      rounds,
      baselines,
      members: known,
    } = fold([
      begin,
      {
        type: 'round',
        atMs: 1,
        round: 0,
        peers: 3,
        accuracy: spread,
        loss: 1,
        absent: 2,
        samples: 3,
        sentBytes: 40,
        seconds: 5,
      },
      { type: 'failed', atMs: 2, round: 1, peer: members[2]!.peer },
      ...members.map(({ peer }) => alone(peer, 0, 1, 0.1)),
      { type: 'baseline', atMs: 3, round: 0, rounds: 1, name: 'centralised', accuracy: 0.9, beside: { auroc: 0.8 } },
    ] satisfies RunEvent[])
    expect(rounds[0]!.whole).toMatchObject({ ...spread, consensusDistance: null, sentBytes: 40 })
    expect(rounds[1]!.failed).toEqual([2])
    expect(known.map(({ goneSince }) => goneSince)).toEqual([null, null, 1])
    expect(baselines).toEqual({
      localOnly: [{ round: 0, accuracy: [0.1, 0.1, 0.1], beside: { auroc: [0.5, 0.5, 0.5] } }],
      alone: { accuracy: [0.1, 0.1, 0.1], beside: { auroc: [0.5, 0.5, 0.5] } },
      centralised: [{ round: 0, accuracy: 0.9, beside: { auroc: 0.8 } }],
    })
  })

  it('of interrupted baselines has the rounds that all peers have, and the last figure of those that are whole', () => {
    const { baselines } = fold([
      begin,
      ...members.map(({ peer }) => alone(peer, 0, 2, 0.25)),
      ...members.slice(1, 2).map(({ peer }) => alone(peer, 1, 2, 0.75)),
    ])
    expect(baselines.localOnly).toMatchObject([{ round: 0, accuracy: [0.25, 0.25, 0.25] }])
    expect(baselines.alone).toEqual({ accuracy: [null, 0.75, null], beside: { auroc: [null, 0.5, null] } })
  })

  it('knows who left, and who came back', () => {
    const there = (round: number, ...here: number[]) => ({
      type: 'members',
      atMs: 1,
      peer: members[0]!.peer,
      round,
      members: here.map(peer => members[peer]!),
    })
    const gone = (events: readonly unknown[]) => fold(events).members.map(({ goneSince }) => goneSince)
    expect(gone([there(0, 0, 1, 2), there(4, 0, 2)])).toEqual([null, 4, null])
    expect(gone([there(0, 0, 1, 2), there(4, 0, 2), there(6, 0, 1, 2)])).toEqual([null, null, null])
  })

  it('ignores types that it does not know, and counts what is no event or not what its type says', () => {
    const record = createRecord()
    record.add({ type: 'invented', round: -1 })
    record.add({ type: 'constructor', round: 0 })
    expect(record.record().malformed).toBe(0)
    for (const event of [null, 3, [], {}, { type: 'ended', round: 0 }, { type: 'trained', round: 0.5, peer: 'x' }]) {
      record.add(event)
    }
    for (const line of ['', '{', '{"type":"ended","round":0,"peer":"x","seconds":"1"}']) record.addLine(line)
    record.addMalformed()
    expect(record.record().malformed).toBe(10)
  })

  it('takes a number that JSON does not have, as the loss of a model that diverged, as none', () => {
    const record = createRecord()
    for (const event of [begin, ...roundOf(0, 0, Number.NaN)]) record.addLine(JSON.stringify(event))
    expect(record.record()).toMatchObject({ malformed: 0, rounds: [{ columns: { loss: [null, null, null] } }] })
  })

  it('has what a method calls its figures without what would turn or hide other text, and not long', () => {
    const long = 'w'.repeat(100)
    const { rounds } = fold([
      begin,
      {
        ...{ type: 'evaluated', atMs: 1, round: 0, peer: members[0]!.peer, accuracy: 0.5, 'f\u001b[2J': 1 },
        figures: { 'Güte (in %)': 2, 'a\u202eb': 3, [long]: 4 },
        perPeer: { 'x\u2028y': {} },
      },
      { type: 'refused', round: 0, peer: members[0]!.peer, heads: [{ ...members[1]!, reason: 'x\u001b' }] },
    ])
    const { beside, figures, matrices, refused } = rounds[0]!
    expect(Object.keys(beside)).toEqual(['f\\x1b[2J'])
    const [plain, turned, cut] = Object.keys(figures)
    expect([plain, turned, cut!.length]).toEqual(['Güte (in %)', 'a\\u202eb', 64])
    expect(Object.keys(matrices)).toEqual(['x\\u2028y'])
    expect(refused.map(({ reason }) => reason)).toEqual(['x\\x1b'])
  })

  const events = fc
    .array(
      fc.record({
        peer: fc.nat(2),
        round: fc.nat(4),
        loss: fc.double({ noNaN: true }).map(x => x + 0),
        cut: fc.integer({ min: 1, max: 6 }),
      }),
    )
    .map(parts => [begin, ...parts.flatMap(({ peer, round, loss, cut }) => roundOf(peer, round, loss).slice(0, cut))])

  it('is the same whether it was asked for in between or not, and an earlier one stays as it was', () => {
    fc.assert(
      fc.property(events, fc.nat(60), (all, at) => {
        const record = createRecord()
        for (const event of all.slice(0, at)) record.add(event)
        const early = record.record()
        const kept = structuredClone(early)
        for (const event of all.slice(at)) record.add(event)
        expect(record.record()).toEqual(fold(all))
        expect(early).toEqual(kept)
      }),
    )
  })

  it('survives JSON unchanged, and never throws', () => {
    fc.assert(
      fc.property(events, fc.array(fc.anything()), (all, noise) => {
        const record = createRecord()
        for (const event of [...noise, ...all]) record.add(event)
        const found = record.record()
        expect(JSON.parse(JSON.stringify(found))).toEqual(found)
      }),
    )
  })
})
