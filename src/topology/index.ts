// Files have a door of their own, file.js: their parser is as large as all the rest, and most commands read none.

export { crowdOf } from './crowd.js'
export {
  drawnIn,
  type ExchangeSpec,
  endsMerged,
  exchangeSchema,
  hasSilence,
  type SampledSpec,
  sampledIn,
  settledExchange,
} from './exchange-schema.js'
export { type FinalStep, finalSteps } from './final.js'
export {
  createGraph,
  createWeightedGraph,
  degrees,
  diameter,
  type Edge,
  type Graph,
  isConnected,
  type WeightedEdge,
} from './graph.js'
export * from './mixing.js'
export type { Rectangle } from './regular.js'
export * from './sampling/order.js'
export * from './sampling/view.js'
export { createSchedule, type RoundKind, type Schedule } from './schedule.js'
export { createScheduled, type ScheduledSpec, usedTopologies } from './scheduled.js'
export { peersLimit, type TopologySpec, topologyKinds, topologySchema, type Weights } from './schema.js'
export * from './spectrum.js'
export { type Arrangement, createTopology, graphsOf, type Topology } from './topology.js'
