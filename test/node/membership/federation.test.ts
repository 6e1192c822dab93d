import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Member, simulatedIdentities } from '../../../src/node/index.js'
import { openFederation } from '../../../src/node/membership/federation.js'
import { createTopology, topologySchema } from '../../../src/topology/index.js'

const identities = simulatedIdentities(1, 12)
const everybody: Member[] = identities.map(({ peerId }, number) => ({ name: `peer-${number}`, peerId, addresses: [] }))
const topologyOf = (kind: 'ring' | 'full' | 'one-peer-exponential' | 'one-peer-hypercube') => (peers: number) =>
  createTopology(topologySchema.parse(kind), peers, 1)
const ids = (members: readonly Member[]): string[] => members.map(({ peerId }) => peerId.toString())

describe('an open federation', () => {
  it('is the same for all who know of the same peers', () => {
    fc.assert(
      fc.property(
        fc.subarray([...everybody.keys()], { minLength: 2 }),
        fc.nat({ max: 10 }),
        fc.constantFrom('ring', 'full', 'one-peer-exponential'),
        (there, round, kind) => {
          const seen = there.map(self => {
            const members = there.map(other => everybody[other]!)
            return openFederation({
              self: everybody[self]!,
              membersIn: () => members,
              topologyOf: topologyOf(kind),
            }).at(round)
          })
          for (const [place, where] of seen.entries()) {
            expect(ids(where.members)).toEqual(ids(seen[0]!.members))
            expect(where.members[where.self]).toBe(everybody[there[place]!])
            // Who sends to us in our graph has us among those it sends to in its own.
            for (const sender of where.graph.receivesFrom(where.self)) {
              const theirs = seen.find(({ self }) => self === sender)!
              expect(theirs.graph.sendsTo(theirs.self)).toContain(where.self)
            }
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('changes only when somebody comes or goes', () => {
    let members = everybody.slice(0, 4)
    const federation = openFederation({
      self: everybody[0]!,
      membersIn: () => members,
      topologyOf: topologyOf('ring'),
    })
    const first = federation.at(0)
    members = [...members]
    expect(federation.at(0)).toBe(first)
    members = everybody.slice(0, 5)
    expect(federation.at(0).members).toHaveLength(5)
    members = [everybody[0]!]
    const alone = federation.at(0)
    expect(alone.members).toEqual([everybody[0]])
    expect(alone.graph.receivesFrom(0)).toEqual([])
  })

  it('weighs a newcomer with the kin that it turns out to have', () => {
    const newcomer = (kin: readonly string[]): Member => ({ ...everybody[1]!, newcomer: { kin } })
    let members = [everybody[0]!, newcomer([])]
    const federation = openFederation({ self: everybody[0]!, membersIn: () => members, topologyOf: topologyOf('full') })
    expect(federation.at(0).members[1]!.newcomer!.kin).toEqual([])
    members = [everybody[0]!, newcomer(['198.51.100.0/24'])]
    expect(federation.at(0).members[1]!.newcomer!.kin).toEqual(['198.51.100.0/24'])
  })

  it('asks who takes part in this very round', () => {
    const federation = openFederation({
      self: everybody[0]!,
      membersIn: round => everybody.slice(0, round < 5 ? 3 : 4),
      topologyOf: topologyOf('full'),
    })
    expect([4, 5, 4].map(round => federation.at(round).members.length)).toEqual([3, 4, 3])
  })

  it('seats as many as the topology has a graph for, and nobody who comes ends the others', () => {
    const topology = topologyOf('one-peer-hypercube')
    let members = everybody.slice(0, 4)
    const seenBy = (self: number) =>
      openFederation({ self: everybody[self]!, membersIn: () => members, topologyOf: topology })
    const first = seenBy(0)
    expect([0, 1, 2].map(round => first.at(round).graph.receivesFrom(0))).toEqual([[1], [2], [1]])
    // The fifth has the smallest number, and is new.
    members = [{ ...everybody[4]!, newcomer: { kin: [] } }, ...everybody.slice(0, 4)]
    expect(ids(first.at(1).members)).toEqual(ids(everybody.slice(0, 4)))
    const fifth = openFederation({ self: members[0]!, membersIn: () => members, topologyOf: topology }).at(1)
    expect([fifth.members.length, fifth.graph.receivesFrom(fifth.self)]).toEqual([1, []])
    members = everybody.slice(0, 3)
    expect([0, 1, 2].map(self => seenBy(self).at(0).members.length)).toEqual([2, 2, 1])
    members = everybody.slice(0, 8)
    expect([0, 1, 2].map(round => first.at(round).graph.receivesFrom(0))).toEqual([[1], [2], [4]])
  })

  it('says why where a topology has not even a graph for one', () => {
    const refused = openFederation({
      self: everybody[0]!,
      membersIn: () => everybody.slice(0, 2),
      topologyOf: peers => createTopology(topologySchema.parse({ kind: 'edges', edges: [[0, 5]] }), peers, 1),
    })
    expect(() => refused.at(0)).toThrow('names a peer that is not there')
  })
})
