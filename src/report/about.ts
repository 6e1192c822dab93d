import { basename, resolve } from 'node:path'
import { measureOf } from '../data/index.js'
import { keptClasses } from '../disk/index.js'
import { areShares, followsGraph, methodOf, reportTextsOf } from '../methods/index.js'
import type { Manifest } from '../node/index.js'
import { createTopology } from '../topology/index.js'
import { graphNames, readKeptManifest } from '../watch/index.js'
import type { RunAbout } from './data.js'
import { type KeptSummary, readMembers, readSummary } from './summary.js'
import { version } from './version.js'

/**
 * Reads what the files of a run folder hold beside its events.
 *
 * @param known - what is known of a run before its summary is there
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder
 */
export async function readAbout(folder: string, known: KeptSummary = {}): Promise<RunAbout> {
  const { manifest, text } = await readKeptManifest(folder)
  const read = await readSummary(folder)
  const summary = [read, known].find(some => Object.keys(some).length > 0) ?? (await readMembers(folder))
  const tests = [summary, ...(summary.perPeer ?? [])]
  const isTested = tests.some(({ confusion }) => confusion !== undefined)
  const { merge, data, topology, peers, rounds, mode, evaluation } = manifest
  const { paper } = methodOf(merge)
  const reports = reportTextsOf(manifest)
  return {
    name: basename(resolve(folder)),
    folder,
    mode,
    peers,
    rounds,
    method: merge.method,
    set: data.set,
    graph: followsGraph(manifest) ? graphNames[topology.kind] : null,
    measure: measureOf(data),
    primary: evaluation.primary ?? 'accuracy',
    manifest: text,
    classes: isTested ? (summary.classes ?? (await keptClasses(folder))) : [],
    arrangement: arrangementOf(manifest),
    contraction: contractionOf(manifest, summary),
    figures: Object.entries(reports.figures ?? {}).map(([name, { label, unit }]) => ({ name, label, unit })),
    weights: Object.entries(reports.perPeer ?? {}).map(([name, text]) => {
      const { label, of } = text
      return { name, label, of, unit: areShares(text) ? 'share' : text.unit }
    }),
    paper: paper ?? null,
    version,
    summary,
  }
}

/** Kinds whose picture their edges make: the others have one by definition. */
const drawnByEdges = new Set(['random-regular', 'erdos-renyi', 'watts-strogatz', 'equitopo', 'edges'])

function arrangementOf(manifest: Manifest): RunAbout['arrangement'] {
  const { topology, peers, seed } = manifest
  if (!followsGraph(manifest)) return 'circle'
  if (drawnByEdges.has(topology.kind)) return 'force'
  return createTopology(topology, peers, seed).arrangement
}

/**
 * λ² for each exchange of a round: (1/m) Σ ‖x_i − x̄‖² shrinks by at least this much where nobody trains, λ being 1 less
 * the spectral gap. Not of accelerated exchanges, and not where heads come when they come.
 */
function contractionOf(manifest: Manifest, { spectralGap }: KeptSummary): number | null {
  const { merge, mode } = manifest
  const { gossipSteps = 1, acceleration } = merge as { gossipSteps?: number; acceleration?: string }
  const isPlain = acceleration === undefined || acceleration === 'plain'
  if (spectralGap === undefined || !isPlain || mode !== 'sync' || !followsGraph(manifest)) return null
  return (1 - spectralGap) ** (2 * gossipSteps)
}
