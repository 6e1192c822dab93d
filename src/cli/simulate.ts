import pc from 'picocolors'
import { measureOf, shardNotes } from '../data/index.js'
import { shown } from '../foreign.js'
import { type backendSchema, type ModelSpec, readTopology } from '../learner/index.js'
import type { Member } from '../node/index.js'
import {
  createSimulation,
  type Prepared,
  parseFault,
  type SimulationResult,
  summaryOf,
  type Transport,
} from '../simulate/index.js'
import { layersOf } from '../tensors/index.js'
import { describePeer, keepPeer, type PeerDescription } from '../trained/index.js'
import {
  byteCount,
  count,
  createProgress,
  createRunFolder,
  defaultRunFolder,
  deviceText,
  headline,
  type RunFolder,
  type RunSummary,
  report,
  small,
} from '../watch/index.js'
import { interruptedStatus, type Run, type Terminal } from './command.js'
import { nextSteps } from './next-steps.js'
import { tellNotes } from './notes.js'
import { manifestFrom, type RunFlags } from './run-flags.js'
import { trafficText } from './traffic.js'

interface SimulateOptions extends RunFlags {
  readonly backend: (typeof backendSchema.options)[number]
  readonly transport: Transport
  readonly port: number
  readonly workers?: number
  readonly out?: string
  readonly baselines: boolean
  readonly fail?: readonly string[]
  readonly lie?: readonly string[]
  readonly disconnect?: number
  readonly json?: boolean
}

export const run: Run<SimulateOptions> = async ([file], options, terminal) => {
  const asked = await manifestFrom(file, options)
  const faults = (options.fail ?? []).map(text => parseFault(text, asked.peers, asked.rounds))
  const lies = (options.lie ?? []).map(text => parseFault(text, asked.peers, asked.rounds, '--lie'))
  const simulation = await createSimulation(asked, { ...options, faults, lies, signal: terminal.signal })
  try {
    const { prepared } = simulation
    const { manifest } = prepared
    const runId = Buffer.from(prepared.runId).toString('hex')
    const folder = await createRunFolder(options.out ?? defaultRunFolder(runId, new Date()), manifest)
    await folder.writeMembers(simulation.members)
    const described = await describeAll(prepared, simulation.members)
    tellNotes(prepared.dataset, terminal.stderr)
    tellNotes({ notes: shardNotes(prepared.dataset, prepared.shards) }, terminal.stderr)
    if (manifest.peers === 1) tellNotes({ notes: [aloneNote] }, terminal.stderr)
    const quiet = options.json === true && !terminal.stderr.isTTY
    if (!quiet) terminal.stderr.write(`${announcement(prepared, runId)}\n\n`)
    const progress = createProgress({
      peers: manifest.peers,
      rounds: manifest.rounds,
      evaluateEvery: manifest.evaluation.every,
      baselines: options.baselines,
      measure: measureOf(manifest.data),
      classes: prepared.dataset.classes,
      stream: terminal.stderr,
    })
    const result = await watch(simulation.run(), event => {
      folder.append(event)
      if (!quiet) progress.show(event)
    })
    if (!quiet) progress.done()
    return await finish(prepared, result, folder, options, terminal, described)
  } finally {
    await simulation.close()
  }
}

const aloneNote = 'one peer has nobody to learn from, so this is training alone; give more with --peers 2'

/** Before the run: files of models may change while it lasts. */
async function describeAll(prepared: Prepared, members: readonly Member[]): Promise<PeerDescription[]> {
  const { runId, manifest, models, dataset, shards } = prepared
  const mixture = manifest.merge.method === 'mixture' ? { mixture: manifest.merge } : {}
  const topologies = new Map<ModelSpec, Awaited<ReturnType<typeof readTopology>>>()
  for (const { model } of models) {
    if (!topologies.has(model.model)) topologies.set(model.model, await readTopology(model.model))
  }
  return shards.map(({ name, standardisation }, peer) => {
    const id = members[peer]!.peerId.toString()
    const { model, layout } = models[peer]!.model
    const topology = topologies.get(model)
    return describePeer({ runId, name, id, model, topology, layout, dataset, standardisation, ...mixture })
  })
}

/** Follows a generator to its end and returns what it returns. */
async function watch<Event, Result>(
  events: AsyncGenerator<Event, Result, undefined>,
  seen: (event: Event) => void,
): Promise<Result> {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
    seen(next.value)
  }
}

function announcement({ manifest, backend, workers, dataset, shards, ...prepared }: Prepared, runId: string): string {
  const sizes = shards.map(shard => shard.samples.size)
  const { layout, head } = prepared
  const shared = head.layout.size === layout.size ? 'all shared' : `${count(head.layout.size)} shared`
  const rows: [string, string][] = [
    ['run', `${runId.slice(0, 12)}, seed ${manifest.seed}`],
    [
      'peers',
      `${manifest.peers} on a ${prepared.topology.name}, spectral gap ${small(prepared.spectralGap)}, over ${prepared.transport}`,
    ],
    [
      'data',
      `${dataset.name}: ${count(dataset.train.size)} samples, ${manifest.partition.kind}, ${count(Math.min(...sizes))} to ${count(Math.max(...sizes))} a peer; tested on ${count(dataset.test.size)}`,
    ],
    [
      'model',
      `${modelName(manifest.model)}: ${count(layout.size)} parameters in ${layersOf(layout).length} layers, ${shared} (${byteCount(head.layout.size * 4)})`,
    ],
    ['merge', `${manifest.merge.method}, ${manifest.rounds} rounds`],
    ['sends', trafficText(manifest, head.layout.size, prepared.topology)],
    ['backend', `${backend.name} (${deviceText(backend.device)}), ${workers} worker${workers === 1 ? '' : 's'}`],
    ...backend.reasons.map((reason): [string, string] => ['', reason]),
  ]
  return rows.map(([name, value]) => `${pc.dim(name.padEnd(9))}${shown(value, 400)}`).join('\n')
}

function modelName(model: Prepared['manifest']['model']): string {
  return 'path' in model ? model.path : model.kind
}

async function finish(
  prepared: Prepared,
  result: SimulationResult,
  folder: RunFolder,
  options: SimulateOptions,
  { stdout, stderr }: Terminal,
  described: readonly PeerDescription[],
): Promise<number> {
  const summary = summaryOf(prepared, result)
  // Whatever the disk says, the run has a result, and whoever waited for it sees it.
  const lost = await keepAll(summary, result, folder, described).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (options.json) {
    stdout.write(`${JSON.stringify(headline(summary))}\n`)
  } else if (result.last !== undefined) {
    const next = lost === undefined ? `\n${nextSteps(folder.path, prepared.manifest, result.peers[0]!.name)}\n` : ''
    stdout.write(`\n${report(summary, stdout.columns)}\n${next}`)
  }
  if (lost !== undefined) throw lost.error
  if (!result.interrupted) return 0
  stderr.write(
    `Interrupted after round ${summary.rounds}; parameters and metrics so far are in ${shown(folder.path)}\n`,
  )
  return interruptedStatus
}

/** The summary first, which is small and says most; the first file that the disk refuses is the last that is tried. */
async function keepAll(
  summary: RunSummary,
  { peers }: SimulationResult,
  folder: RunFolder,
  described: readonly PeerDescription[],
): Promise<void> {
  try {
    await folder.writeSummary(summary)
    for (const [peer, { name, layout, parameters, kept }] of peers.entries()) {
      await folder.writeParameters(name, layout, parameters)
      await keepPeer(folder.path, described[peer]!, kept)
    }
  } finally {
    await folder.close()
  }
}
