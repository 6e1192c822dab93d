import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { readBounded, whyNotRead } from '../bounded-file.js'
import { measureOf } from '../data/index.js'
import { keptClasses } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { methodOf } from '../methods/index.js'
import { type Manifest, parseManifest } from '../node/index.js'
import { whyNot } from '../system-errors.js'
import { createTopology } from '../topology/index.js'
import { graphNames } from '../watch/index.js'
import { parseYaml } from '../yaml.js'
import { yamlLimits } from '../yaml-shape.js'
import type { RunAbout } from './data.js'
import { type KeptSummary, readSummary } from './summary.js'
import { version } from './version.js'

/**
 * Reads what the files of a run folder hold beside its events.
 *
 * @param known - what is known of a run before its summary is there
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder
 */
export async function readAbout(folder: string, known: KeptSummary = {}): Promise<RunAbout> {
  await mustBeThere(folder)
  const manifestPath = join(folder, 'manifest.yaml')
  const text = await manifestText(manifestPath)
  const manifest = parseManifest(parseYaml(text, manifestPath, 'MANIFEST').value ?? {}, manifestPath)
  const read = await readSummary(join(folder, 'summary.json'))
  const summary = Object.keys(read).length === 0 ? known : read
  const isTested = summary.perPeer?.some(({ confusion }) => confusion !== undefined) ?? false
  const { merge, data, topology, peers, rounds, mode, evaluation } = manifest
  const { paper, reports, road } = methodOf(merge)
  return {
    name: basename(resolve(folder)),
    folder,
    mode,
    peers,
    rounds,
    method: merge.method,
    set: data.set,
    graph: road === 'everybody' ? null : graphNames[topology.kind],
    measure: measureOf(data),
    primary: evaluation.primary ?? 'accuracy',
    manifest: text,
    classes: isTested ? (summary.classes ?? (await keptClasses(folder))) : [],
    arrangement: arrangementOf(manifest),
    contraction: contractionOf(manifest, summary),
    figures: Object.entries(reports?.figures ?? {}).map(([name, { label, unit }]) => ({ name, label, unit })),
    weights: Object.entries(reports?.perPeer ?? {}).map(([name, { label, of }]) => ({ name, label, of })),
    paper: paper ?? null,
    version,
    summary,
  }
}

async function mustBeThere(folder: string): Promise<void> {
  try {
    for (const file of ['manifest.yaml', 'metrics.jsonl']) await stat(join(folder, file))
  } catch (error) {
    throw new HearsayError('RUN', `is no run folder: ${whyNot(error)}`, { source: folder, cause: error })
  }
}

/** As it stands in the folder. */
async function manifestText(path: string): Promise<string> {
  try {
    return (await readBounded(path, yamlLimits.bytes)).toString('utf8')
  } catch (error) {
    throw new HearsayError('MANIFEST', whyNotRead(error), { source: path, cause: error })
  }
}

/** Kinds whose picture their edges make: the others have one by definition. */
const drawnByEdges = new Set(['random-regular', 'erdos-renyi', 'watts-strogatz', 'edges'])

function arrangementOf({ topology, peers, seed, merge }: Manifest): RunAbout['arrangement'] {
  if (methodOf(merge).road === 'everybody') return 'circle'
  if (drawnByEdges.has(topology.kind)) return 'force'
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
