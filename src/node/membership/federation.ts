import { HearsayError } from '../../errors.js'
import { held } from '../../held.js'
import type { Neighbourhood } from '../../methods/index.js'
import { mixingRow, type Topology } from '../../topology/index.js'
import type { Member } from './member.js'

/** The peers of a run, as one of them sees it. */
export interface Federation {
  /** The neighbourhood in a round. Between two calls it may change when peers come and go. */
  at(round: number): Neighbourhood<Member>
}

/** Neighbourhoods of this many rounds are held, more than a cycle has. */
const heldLimit = 64

/** Members that stay the same: a simulation, or a federation that is written down in a file. */
export function fixedFederation(members: readonly Member[], self: number, topology: Topology): Federation {
  const numbers = numbersOf(members)
  const inPhase = held(heldLimit, (phase: number): Neighbourhood<Member> => {
    const graph = topology.graphAt(phase)
    return {
      members,
      numbers,
      self,
      topology,
      graph,
      row: mixingRow(graph, topology.weights, self),
    }
  })
  return { at: round => inPhase(round % topology.period) }
}

/** One map for all peers of a simulation, which have the same members: a thousand of a thousand entries are 60 MB. */
const numbersByMembers = new WeakMap<readonly Member[], ReadonlyMap<string, number>>()

function numbersOf(members: readonly Member[]): ReadonlyMap<string, number> {
  const known = numbersByMembers.get(members)
  if (known !== undefined) return known
  const numbers = new Map(members.map(({ peerId }, number) => [peerId.toString(), number]))
  numbersByMembers.set(members, numbers)
  return numbers
}

export interface OpenFederationInit {
  readonly self: Member
  /** Those that take part in a round, this peer among them, in the order of their numbers in the graph. */
  readonly membersIn: (round: number) => readonly Member[]
  /**
   * The topology for a number of peers.
   *
   * @throws {@link HearsayError} if so many peers cannot be joined in that way
   */
  readonly topologyOf: (peers: number) => Topology
}

/**
 * Members that come and go. Every peer computes the graph from the members it knows of and the round, without any
 * request: two that know of the same ones compute the same graph. Where they differ, while records are in transit, a
 * head is refused or does not come, and costs its share of one merge.
 *
 * Where the topology has no graph for so many, as a hypercube has none for three, as many take part as it has one for,
 * newcomers last, and each of the others is alone until more come: nobody who joins may end the run of those that are
 * there.
 */
export function openFederation({ self, membersIn, topologyOf }: OpenFederationInit): Federation {
  let key = ''
  let current: Federation | undefined
  return {
    at(round) {
      const members = membersIn(round)
      const now = members.map(({ peerId, newcomer }) => [peerId, ...(newcomer?.kin ?? [])].join(' ')).join()
      if (current === undefined || now !== key) {
        current = federationOf(members, self, topologyOf)
        key = now
      }
      return current.at(round)
    },
  }
}

function federationOf(
  members: readonly Member[],
  self: Member,
  topologyOf: OpenFederationInit['topologyOf'],
): Federation {
  const oldFirst = members.toSorted((a, b) => Number(a.newcomer !== undefined) - Number(b.newcomer !== undefined))
  for (let count = members.length; ; count--) {
    const seated = new Set(oldFirst.slice(0, count))
    const some = members.filter(member => seated.has(member))
    const place = some.indexOf(self)
    try {
      if (place < 0) return fixedFederation([self], 0, topologyOf(1))
      return fixedFederation(some, place, topologyOf(count))
    } catch (error) {
      const isTooMany = error instanceof HearsayError && error.code === 'TOPOLOGY' && count > 1 && place >= 0
      if (!isTooMany) throw error
    }
  }
}
