import pc from 'picocolors'
import { shardNotes } from '../data/index.js'
import { describePeer, dropState, keepPeer, type PeerDescription, type RunFolder } from '../disk/index.js'
import type { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { type ModelSpec, readTopology } from '../learner/index.js'
import { followsGraph } from '../methods/index.js'
import { type Manifest, type Member, planOf, type Reporter } from '../node/index.js'
import { openPairNoise } from '../privacy/index.js'
import type { KeptSummary } from '../report/index.js'
import { command, typed } from '../shell.js'
import {
  createSimulation,
  type Prepared,
  type Simulation,
  type SimulationOptions,
  type SimulationOutcome,
} from '../simulate/index.js'
import { type Layout, layersOf } from '../tensors/index.js'
import {
  byteCount,
  count,
  countOf,
  deviceText,
  graphNames,
  jsonReporter,
  linesReporter,
  metricsReporter,
  type RunSummary,
  range,
  report,
  small,
  terminalReporter,
} from '../watch/index.js'
import { interruptedStatus, type Terminal } from './command.js'
import { nextSteps } from './next-steps.js'
import { gammaNotes, tellNotes } from './notes.js'
import { type OutletFlags, openOutlets } from './outlets.js'
import { tellReading } from './reading-line.js'
import { reportOf } from './run-report.js'
import { believingText, trafficText } from './traffic.js'

/** Options of a simulation, new or resumed. */
export interface Running extends Omit<SimulationOptions, 'signal'>, OutletFlags {
  readonly baselines: boolean
  readonly out?: string
  readonly json?: boolean
}

/** Runs a simulation, shows it and keeps it in the folder that `openFolder` returns. @returns the exit status */
export async function runIn(
  asked: Manifest,
  options: Running,
  terminal: Terminal,
  openFolder: (simulation: Simulation) => Promise<RunFolder>,
): Promise<number> {
  const simulation = await tellReading(terminal.stderr, onRead =>
    createSimulation(asked, { ...options, signal: terminal.signal, ...(onRead && { onRead }) }),
  )
  let closeOutlets = async (): Promise<void> => {}
  try {
    const outlets = await openOutlets(options, { tell: line => void terminal.stderr.write(`${line}\n`) })
    closeOutlets = outlets.close
    const { prepared, rounds: first } = simulation
    const { manifest } = prepared
    const runId = Buffer.from(prepared.runId).toString('hex')
    const folder = await openFolder(simulation)
    await folder.writeMembers(
      simulation.members,
      prepared.shards.map(({ samples }) => samples.size),
    )
    const described = await describeAll(prepared, simulation.members)
    tellNotes(prepared.dataset, terminal.stderr)
    tellNotes({ notes: shardNotes(prepared.dataset, prepared.shards) }, terminal.stderr)
    if (options.out !== undefined && manifest.mode === 'async') tellNotes({ notes: [asyncNote] }, terminal.stderr)
    if (manifest.peers === 1) tellNotes({ notes: [aloneNote] }, terminal.stderr)
    tellNotes({ notes: [...pairNotes(manifest), ...gammaNotes(manifest)] }, terminal.stderr)
    if (isShown(options, terminal)) terminal.stderr.write(`${announcement(prepared, runId, first)}\n\n`)
    const tell = (error: HearsayError): void => void terminal.stderr.write(`${shown(error.message, 1000)}\n`)
    // State is kept only in a folder that the user named, as keeping it takes time.
    const keep = options.out === undefined ? undefined : { folder: folder.path, told: folder.flushed, onLost: tell }
    const reporters = [...reportersOf(folder, options, terminal), ...outlets.reporters(folder.path)]
    await outlets.watch({ folder: folder.path, known: knownOf(prepared) })
    const outcome = await outcomeOf(simulation.run({ keep, reporters }))
    return await finish(prepared, outcome, folder, options, terminal, described)
  } finally {
    await closeOutlets()
    await simulation.close()
  }
}

const asyncNote = 'mode: async keeps no state, as no two of its runs are alike; an interrupted one cannot be resumed'
const aloneNote = 'one peer has nobody to learn from, so this is training alone; give more with --peers 2'

/** In a simulation no peer comes late; in the field such a run needs a list of members. */
function pairNotes({ privacy }: Manifest): readonly string[] {
  if (privacy?.of !== 'contribution' || privacy.pairNoise <= openPairNoise) return []
  return [`privacy.pairNoise: more than ${openPairNoise} is refused in the field where peers come and go`]
}

/** Describes all peers' models. Called before the run, during which files of models may change. */
async function describeAll(prepared: Prepared, members: readonly Member[]): Promise<PeerDescription[]> {
  const { runId, manifest, models, dataset, shards } = prepared
  const { merge, share } = manifest
  const topologies = new Map<ModelSpec, Awaited<ReturnType<typeof readTopology>>>()
  for (const { model } of models) {
    if (!topologies.has(model.model)) topologies.set(model.model, await readTopology(model.model))
  }
  return shards.map(({ name, standardisation }, peer) => {
    const id = members[peer]!.peerId.toString()
    const { model, layout } = models[peer]!.model
    const topology = topologies.get(model)
    return describePeer({ runId, name, id, model, topology, layout, dataset, standardisation, merge, share })
  })
}

/** What a dashboard can show before there is a summary. */
function knownOf({ backend, transport, spectralGap, layout, head, shards }: Prepared): KeptSummary {
  const { name, device } = backend
  return {
    ...{ backend: name, device, transport, spectralGap },
    model: { parameters: layout.size, shared: head.layout.size },
    perPeer: shards.map(({ name, samples }) => ({ name, samples: samples.size })),
  }
}

/** Is progress shown? With `--json` only on a terminal. */
function isShown({ json }: Running, { stderr }: Terminal): boolean {
  return json !== true || stderr.isTTY
}

function reportersOf(folder: RunFolder, options: Running, terminal: Terminal): Reporter<RunSummary>[] {
  const { stdout, stderr } = terminal
  return [
    metricsReporter(folder),
    ...(isShown(options, terminal) ? [stderr.isTTY ? terminalReporter(stderr) : linesReporter(stderr)] : []),
    ...(options.json ? [jsonReporter(stdout)] : []),
  ]
}

/** Runs a simulation to its end. */
async function outcomeOf(run: ReturnType<Simulation['run']>): Promise<SimulationOutcome> {
  for (;;) {
    const next = await run.next()
    if (next.done) return next.value
  }
}

function announcement(
  { manifest, backend, workers, dataset, shards, ...prepared }: Prepared,
  runId: string,
  first: number,
): string {
  const sizes = shards.map(shard => shard.samples.size)
  const { head } = prepared
  const rows: [string, string][] = [
    ['run', `${runId.slice(0, 12)}, seed ${manifest.seed}`],
    [
      'peers',
      !followsGraph(manifest)
        ? `${manifest.peers}, over ${prepared.transport}`
        : `${manifest.peers} on ${graphNames[manifest.topology.kind]}, spectral gap ${small(prepared.spectralGap)}, over ${prepared.transport}`,
    ],
    [
      'data',
      `${dataset.name}: ${countOf(dataset.train.size, 'sample')}, ${manifest.partition.kind}, ${range(sizes)} a peer; tested on ${count(dataset.test.size)}`,
    ],
    ...[...new Set(prepared.models.map(({ model }) => model))].map(({ model, layout }, at): [string, string] => [
      at === 0 ? 'model' : '',
      `${modelName(model)}: ${countOf(layout.size, 'parameter')} in ${countOf(layersOf(layout).length, 'layer')}, ${sharedText(layout, head.layout)}`,
    ]),
    [
      'merge',
      `${manifest.merge.method}${believingText(manifest.believe)}, ${countOf(manifest.rounds, 'round')}${first > 0 ? `, goes on behind round ${first}` : ''}`,
    ],
    ['sends', trafficText(manifest, planOf(manifest, head), prepared.topology)],
    ['backend', `${backend.name} (${deviceText(backend.device)}), ${countOf(workers, 'worker')}`],
    ...backend.reasons.map((reason): [string, string] => ['', reason]),
  ]
  return rows.map(([name, value]) => `${pc.dim(name.padEnd(9))}${shown(value, 400)}`).join('\n')
}

function sharedText(layout: Layout, head: Layout): string {
  const shared = head.size === layout.size ? 'all shared' : `${count(head.size)} shared`
  return `${shared} (${byteCount(head.size * 4)})`
}

function modelName(model: ModelSpec): string {
  return 'path' in model ? model.path : model.kind
}

async function finish(
  prepared: Prepared,
  result: SimulationOutcome,
  folder: RunFolder,
  options: Running,
  terminal: Terminal,
  described: readonly PeerDescription[],
): Promise<number> {
  const { stdout, stderr } = terminal
  const { summary } = result
  // The result is printed even where it could not be written to the disk.
  const lost = await keepAll(result, folder, described).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const isPrinted = !options.json && result.last !== undefined
  if (isPrinted) stdout.write(`\n${report(summary, stdout.columns)}\n`)
  if (lost !== undefined) throw lost.error
  const page = await reportOf(folder.path, terminal)
  if (isPrinted) stdout.write(`\n${nextSteps(folder.path, prepared.manifest, result.peers[0]!.name, page)}\n`)
  if (!result.interrupted) {
    await dropState(folder.path)
    return 0
  }
  const isKept = options.out !== undefined && prepared.manifest.mode === 'sync'
  const more = isKept ? `; go on with: ${command(`simulate --resume ${typed(folder.path)}`)}` : ''
  stderr.write(
    `Interrupted after round ${summary.rounds}; parameters and metrics so far are in ${shown(folder.path)}${more}\n`,
  )
  return interruptedStatus
}

/** Writes the summary first, which is small and matters most; stops at the first file that cannot be written. */
async function keepAll(
  { summary, peers }: SimulationOutcome,
  folder: RunFolder,
  described: readonly PeerDescription[],
): Promise<void> {
  try {
    await folder.writeSummary(summary)
    const { rounds: round } = summary
    for (const [peer, { parameters, kept }] of peers.entries()) {
      await keepPeer(folder.path, described[peer]!, { round, parameters, ...kept })
    }
  } finally {
    await folder.close()
  }
}
