import { basename, join, resolve } from 'node:path'
import { measureOf } from '../data/index.js'
import { keptClasses } from '../disk/index.js'
import { methodOf } from '../methods/index.js'
import type { Manifest } from '../node/index.js'
import { typed } from '../shell.js'
import { createTopology } from '../topology/index.js'
import { countOf, graphNames, type RunRecord } from '../watch/index.js'
import type { ReportData } from './data.js'
import { environmentOf, outcomeOf } from './facts.js'
import { isSimulation, readRunFiles } from './run-files.js'
import type { KeptSummary } from './summary.js'
import { version } from './version.js'

/**
 * Reads all that a report shows of a run folder. Of a run that goes on, or whose process was killed, what is there.
 *
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder; the signal's reason
 */
export async function readRun(folder: string, signal?: AbortSignal): Promise<ReportData> {
  const { manifest, text, record, summary } = await readRunFiles(folder, signal)
  const confusions = summary.perPeer?.some(({ confusion }) => confusion !== undefined) ?? false
  const { paper, reports } = methodOf(manifest.merge)
  const measure = measureOf(manifest.data)
  return {
    name: basename(resolve(folder)),
    says: saysOf(manifest, record),
    measure,
    manifest: text,
    environment: environmentOf(summary, record),
    outcome: outcomeOf(summary, manifest, record),
    rejected: Object.entries(summary.rejected ?? {}).filter(([, times]) => times > 0),
    classes: confusions ? (summary.classes ?? (await keptClasses(folder))) : [],
    peers: peersOf(record, summary),
    arrangement: arrangementOf(manifest, record),
    contraction: contractionOf(manifest, summary),
    figures: Object.entries(reports?.figures ?? {}).map(([name, { label, unit }]) => ({ name, label, unit })),
    weights: Object.entries(reports?.perPeer ?? {}).map(([name, { label, of }]) => ({ name, label, of })),
    again: againOf(folder, manifest, record),
    paper: paper ?? null,
    version,
    record,
  }
}

function saysOf(manifest: Manifest, record: RunRecord): string {
  const { merge, data, topology, peers, rounds } = manifest
  const everybody = methodOf(merge).road === 'everybody'
  const graph = everybody ? 'each with all others' : `on ${graphNames[topology.kind]}`
  const many = isSimulation(record) ? peers : record.members.length
  return `${merge.method} on ${data.set}: ${countOf(many, 'peer')}, ${graph}, ${countOf(rounds, 'round')}`
}

/** By its name: in a simulation peers of a table's column may be named alike by the summary and by events. */
function peersOf({ members }: RunRecord, { perPeer = [], samples }: KeptSummary): ReportData['peers'] {
  const byName = new Map(perPeer.map(peer => [peer.name, peer]))
  return members.map(({ name }) => {
    const found = byName.get(name)
    return {
      samples: found?.samples ?? (members.length === 1 ? (samples ?? null) : null),
      confusion: found?.confusion ?? null,
    }
  })
}

/** Kinds whose picture their edges make: the others have one by definition. */
const drawnByEdges = new Set(['random-regular', 'erdos-renyi', 'watts-strogatz', 'edges'])

function arrangementOf(manifest: Manifest, record: RunRecord): ReportData['arrangement'] {
  const { topology, peers, seed, merge } = manifest
  if (methodOf(merge).road === 'everybody') return 'circle'
  if (drawnByEdges.has(topology.kind) || record.members.length !== peers) return 'force'
  return createTopology(topology, peers, seed).arrangement
}

/**
 * λ² for each exchange of a round: (1/m) Σ ‖x_i − x̄‖² shrinks by at least this much where nobody trains, λ being 1 less
 * the spectral gap. Not of accelerated exchanges, and not where heads come when they come.
 */
function contractionOf({ merge, mode }: Manifest, { spectralGap }: KeptSummary): number | null {
  const { gossipSteps = 1, acceleration } = merge as { gossipSteps?: number; acceleration?: string }
  const isPlain = acceleration === undefined || acceleration === 'plain'
  if (spectralGap === undefined || !isPlain || mode !== 'sync' || methodOf(merge).road === 'everybody') return null
  return (1 - spectralGap) ** (2 * gossipSteps)
}

function againOf(folder: string, { mode }: Manifest, record: RunRecord): ReportData['again'] {
  const manifest = typed(join(folder, 'manifest.yaml'))
  const { name } = record.members[0] ?? { name: '' }
  const peer = isSimulation(record) ? ` --peer ${typed(name)}` : ''
  return [
    [
      `npx hearsay simulate ${manifest}`,
      isSimulation(record) && mode === 'sync' ? 'the same numbers again' : 'all its peers on one machine',
    ],
    ...(isSimulation(record) ? [] : [[`npx hearsay start ${manifest}`, 'open such a run to others'] as const]),
    [`npx hearsay predict ${typed(folder)}${peer}`, 'ask a trained model'],
    [`npx hearsay report ${typed(folder)}`, 'make this report again'],
  ]
}
