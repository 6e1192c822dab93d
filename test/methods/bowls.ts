import type { Learner, LocalPlan } from '../../src/learner/index.js'
import {
  type MethodEvent,
  type MethodSection,
  methodNamed,
  type Neighbourhood,
  type NeighbourRoad,
  type Session,
  type SessionContext,
} from '../../src/methods/index.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import { mixingMatrix, type Topology } from '../../src/topology/index.js'
import { numbered } from '../data/samples.js'
import { build } from '../merge/rounds.js'
import { createTable, never, type Way } from './peers.js'

/** Peer i's loss is a_i/2 ‖x − b_i‖²: one number of each, so that everything can be calculated by hand. */
export interface Bowl {
  readonly a: number
  readonly b: number
}

export const learningRate = 0.1
/** Numbers of a head. */
export const size = 2
export const head = headSection(layoutOf([{ name: 'dense/kernel', shape: [size] }]))

/** Where the sum of these losses is least. */
export function optimumOf(bowls: readonly Bowl[]): number {
  return bowls.reduce((sum, { a, b }) => sum + a * b, 0) / bowls.reduce((sum, { a }) => sum + a, 0)
}

/** Plain SGD down the bowl, along whatever a method's rules add to the gradient. */
export function learnerOf({ a, b }: Bowl, steps: number): Learner {
  return {
    async train(x: Float32Array, _round: number, { rules }: LocalPlan) {
      for (let step = 0; step < steps; step++) {
        for (let k = 0; k < x.length; k++) {
          const added = rules.map(rule => {
            if (rule.rule === 'correction') return ((rule.factor as number) ?? 1) * (rule.by as Float32Array)[k]!
            if (rule.rule === 'proximal') return (rule.factor as number) * (x[k]! - (rule.to as Float32Array)[k]!)
            throw new Error(`no rule ${rule.rule} here`)
          })
          x[k] = x[k]! - learningRate * added.reduce((sum, value) => sum + value, a * (x[k]! - b))
        }
      }
      return { loss: 0, samples: 1, moved: 1, steps, seconds: 0 }
    },
    evaluate: async () => ({ loss: 0, accuracy: 1, samples: 1 }),
  } as never
}

export interface Choco {
  readonly gamma: number
  readonly compress: (values: Float32Array) => Float32Array
}

/** A road on which everybody knows public copies, which begin at 0 and are added to. */
function remembering(road: NeighbourRoad, { gamma, compress }: Choco): NeighbourRoad {
  const copies = new Map<number, Float32Array>()
  const added = (peer: number, by: Float32Array): Float32Array => {
    const next = (copies.get(peer) ?? new Float32Array(by.length)).map((value, k) => value + by[k]!)
    copies.set(peer, next)
    return next
  }
  return {
    async swap(position, values, where, signal) {
      const known = copies.get(where.self)
      const lacking = compress(values.map((value, k) => value - (known?.[k] ?? 0)))
      const swap = await road.swap(position, lacking, where, signal)
      const received = new Map([...swap.received].map(([peer, by]) => [peer, added(peer, by)]))
      return { ...swap, received, copy: { values: added(where.self, lacking), gamma } }
    },
  }
}

/** Another anchor than all others have, from the begin of a round on: the mean of the others' is handed out instead. */
export interface Unlike {
  readonly peer: number
  readonly round: number
  readonly by: number
}

/** A road on which updates of a common anchor travel, of which only a part comes. */
function updating(
  road: NeighbourRoad,
  compress: (values: Float32Array) => Float32Array,
  others: Float32Array,
  unlike: Unlike | undefined,
): NeighbourRoad {
  return {
    async swap(position, values, where, signal, _tell, anchor) {
      const isUnlike = unlike?.peer === where.self && unlike.round === position.round
      if (unlike !== undefined && unlike.peer !== where.self) others.set(anchor!)
      const said = compress(values.map((value, k) => value - anchor![k]!))
      const swap = await road.swap(position, said, where, signal)
      const own = isUnlike ? others.slice() : anchor!
      const isOf = (peer: number): boolean => unlike?.peer !== peer || unlike.round !== position.round
      const plus = (by: Float32Array): Float32Array => by.map((value, k) => value + own[k]!)
      const received = new Map([...swap.received].filter(([peer]) => isOf(peer)).map(([peer, by]) => [peer, plus(by)]))
      return { ...swap, received, anchored: { anchor: own, said: isUnlike ? undefined : plus(said) } }
    },
  }
}

export interface Descent {
  readonly bowls: readonly Bowl[]
  readonly rounds: number
  /** Local steps a round. @default 5 */
  readonly steps?: number
  /** @default full */
  readonly topology?: string | { readonly kind: string } | Topology
  /** Where each peer begins. @default 0 */
  readonly from?: readonly number[]
  readonly way?: Way
  /** See `limits.headDistance`. @default 20 */
  readonly headDistance?: number
  /** What travels are differences to public copies, of which this is left (ALGORITHMS-2.md 5.1). @default all, as it is */
  readonly choco?: Choco
  /** What travels are updates of a common anchor, of which this is left (ALGORITHMS-2.md 6.3). @default heads */
  readonly updates?: (values: Float32Array) => Float32Array
  /** With `updates`. @default all have the same */
  readonly unlike?: Unlike
  /** Takes the place of the learner of its peer from this round on. @default nobody's */
  readonly stops?: { readonly peer: number; readonly round: number }
}

/** What peers have done, by round and then by peer. */
export interface Descended {
  readonly sessions: readonly Session[]
  readonly models: readonly Float32Array[]
  readonly events: readonly MethodEvent[][]
  /** What each has handed over: the first number of its head, and of every vector beside it. */
  readonly said: readonly (readonly number[])[][]
  /** The first number of each model at the end of the round. */
  readonly ended: readonly number[][]
}

/** A method's session in a peer with such a learner and a head of zeros. */
export function sessionOf(
  section: MethodSection,
  learner: Learner,
  steps: number,
  roads: Parameters<typeof start>[1],
  parameters = new Float32Array(size),
): Session {
  return start({ section, learner, steps, parameters, name: 'peer-0' }, roads)
}

function start(
  init: {
    readonly section: MethodSection
    readonly learner: Learner
    readonly steps: number
    readonly parameters: Float32Array
    readonly name: string
    readonly headDistance?: number | undefined
  },
  roads: ReturnType<ReturnType<typeof createTable>['roadsOf']>,
): Session {
  const { section, learner, steps, parameters, name, headDistance = 20 } = init
  const context: Partial<SessionContext> = {
    name,
    // The bowls lie far apart: who believes nobody learns nothing of them.
    limits: { headDistance, headRadius: 100, lossIncrease: 10 },
    localPlan: () => ({ length: { steps }, batch: 1, learningRate, rules: [] }),
    learner,
    data: { samples: numbered([0]) } as never,
    parameters,
    head,
    uninformed: 1,
  }
  return methodNamed(section.method)
    .plan(section, { isOfValues: false, head })
    .start(context as SessionContext, roads)
}

const membersOf = (peers: number) =>
  Array.from({ length: peers }, (_, peer) => ({ name: `peer-${peer}`, peerId: `id-${peer}` }))

/** Where the first of so many peers stands that all hear each other. */
export function amongAll(peers: number): Neighbourhood {
  const topology = build('full', peers)
  const graph = topology.graphAt(0)
  return {
    members: membersOf(peers),
    numbers: new Map(),
    self: 0,
    topology,
    graph,
    row: mixingMatrix(graph, topology.weights)[0]!,
  }
}

/** Peers of one run over roads in memory, each with a bowl of its own. */
export async function descend(section: MethodSection, descent: Descent): Promise<Descended> {
  const { bowls, rounds, steps = 5, from = [], stops, way = (_from, _to, _round, values) => values } = descent
  const { topology: asked = 'full' } = descent
  const topology = typeof asked === 'object' && 'graphAt' in asked ? asked : build(asked, bowls.length)
  const table = createTable(bowls.length, way)
  const members = membersOf(bowls.length)
  const numbers = new Map(members.map(({ peerId }, peer) => [peerId, peer]))
  const events: MethodEvent[][] = bowls.map(() => [])
  const models = bowls.map((_, peer) => new Float32Array(size).fill(from[peer] ?? 0))
  let now = 0
  const others = new Float32Array(size)
  const sessions = bowls.map((bowl, self) => {
    const able = learnerOf(bowl, steps)
    const learner: Learner = {
      ...able,
      train: (...args) =>
        stops?.peer === self && now >= stops.round
          ? Promise.resolve({ loss: 0, samples: 0, moved: 0, steps: 0, seconds: 0 } as never)
          : able.train(...args),
    }
    const { headDistance } = descent
    const init = { section, learner, steps, parameters: models[self]!, name: `peer-${self}`, headDistance }
    const roads = table.roadsOf(self)
    const { choco, updates, unlike } = descent
    const { neighbours } = roads
    if (choco !== undefined) return start(init, { ...roads, neighbours: remembering(neighbours, choco) })
    if (updates === undefined) return start(init, roads)
    return start(init, { ...roads, neighbours: updating(neighbours, updates, others, unlike) })
  })
  const said: number[][][] = []
  const ended: number[][] = []
  for (let round = 0; round < rounds; round++) {
    now = round
    const { unlike } = descent
    if (unlike?.round === round) models[unlike.peer]!.fill(models[unlike.peer]![0]! + unlike.by)
    await Promise.all(sessions.map(session => session.train(round, never)))
    const offered = sessions.map(async (session, peer) => (await session.offered?.()) ?? models[peer]!)
    said.push((await Promise.all(offered)).map(all => [...all].filter((_, k) => k % size === 0)))
    const graph = topology.graphAt(round)
    const rows = mixingMatrix(graph, topology.weights)
    await Promise.all(
      sessions.map(async (session, self) => {
        const where: Neighbourhood = { members, numbers, self, topology, graph, row: rows[self]! }
        for await (const event of session.exchange!({ round, where, head: models[self]! }, never)) {
          events[self]!.push(event)
        }
      }),
    )
    ended.push(models.map(([first]) => first!))
  }
  return { sessions, models, events, said, ended }
}

/** The first number of a vector that a session keeps. */
export function keptOf(session: Session, vector: string): number {
  return session.kept!().tensors.find(({ name }) => name.startsWith(`${vector}:`))!.values[0]!
}
