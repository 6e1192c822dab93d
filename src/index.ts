/**
 * Hearsay: peers learn together without a server.
 *
 * ```ts
 * import { createSimulation, parseManifest } from 'hearsay'
 *
 * const simulation = await createSimulation(parseManifest({ peers: 4, rounds: 5, topology: 'ring' }))
 * try {
 *   for await (const event of simulation.run()) {
 *     if (event.type === 'round') console.log(event.round, event.accuracy?.mean, event.consensusDistance)
 *   }
 * } finally {
 *   await simulation.close()
 * }
 * ```
 */
import './runtime.js'

export { type Codec, type EncodedSize, type Encoding, EncodingError, type Pass, registerCodec } from './codec/index.js'
export {
  type Dataset,
  loadDataset,
  loadInputs,
  partition,
  type Samples,
  type Shard,
  type Standardisation,
  shippedSets,
} from './data/index.js'
export {
  type DurablePeer,
  type DurableRunOptions,
  type KeptPeer,
  keptPeers,
  type OpenPeerOptions,
  openPeer,
  type PeerDescription,
  readPeer,
} from './disk/index.js'
export { type ErrorCode, HearsayError } from './errors.js'
export type { PeerIdStr } from './gossip/index.js'
export type { JsonSchema } from './json-schema.js'
export {
  type BackendName,
  type BackendReport,
  createLearnerPool,
  type Device,
  type Evaluation,
  type Learner,
  type LearnerPool,
  type LearnerPoolInit,
  type LocalPlan,
  type ModelChoice,
  type PoolModel,
  type RuleSpec,
  type TrainReport,
} from './learner/index.js'
export { consensusDistance, mix } from './merge/index.js'
export * from './methods/index.js'
export {
  createIdentity,
  createPeer,
  type Identity,
  type Manifest,
  type ManifestInput,
  type Member,
  manifestForData,
  manifestJsonSchema,
  manifestYaml,
  type NamedPeer,
  type Peer,
  type PeerEvent,
  type PeerOptions,
  parseManifest,
  type ReportedRun,
  type Reporter,
  type RoundFigures,
  type RunEnd,
  type RunEvent,
  runIdOf,
  settleTask,
} from './node/index.js'
export {
  createSimulation,
  type Prepared,
  type Simulation,
  type SimulationOptions,
  type SimulationOutcome,
  type SimulationResult,
  summaryOf,
} from './simulate/index.js'
export {
  decodeSafetensors,
  encodeSafetensors,
  type Layout,
  type ModelParameters,
  type TensorEntry,
} from './tensors/index.js'
export {
  createTopology,
  type Graph,
  mixingMatrix,
  spectralGap,
  type Topology,
  topologyKinds,
} from './topology/index.js'
export { type ExportFormat, exportPeer, type Prediction, predict } from './trained/index.js'
export {
  jsonReporter,
  linesReporter,
  metricsReporter,
  peerLinesReporter,
  type RunSummary,
  type Summary,
  terminalReporter,
} from './watch/index.js'
