import pc from 'picocolors'
import { measureOf } from '../data/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { alternativeTo, followsGraph } from '../methods/index.js'
import { checkedTopology, isManifest, type Manifest } from '../node/index.js'
import { command, typed } from '../shell.js'
import { topologySchema } from '../topology/index.js'

/**
 * Suggests next commands that work for this simulation.
 *
 * @param path - of the run folder
 * @param peer - one of its peers
 * @param reportPath - of the run's report, if there is one
 */
export function nextSteps(path: string, manifest: Manifest, peer: string, reportPath?: string): string {
  const { mode, data } = manifest
  const run = `simulate ${typed(`${path}/manifest.yaml`)}`
  const restores = measureOf(data) === 'psnr'
  const merge = otherMethod(manifest)
  const graph = otherGraph(manifest)
  const steps: [words: string, why: string][] = [
    [run, mode === 'sync' ? 'the same numbers again' : 'once more'],
    ...(merge === undefined ? [] : [[`${run} --merge ${merge}`, 'another way to merge'] as [string, string]]),
    ...(graph === undefined ? [] : [[`${run} --topology ${graph}`, 'another graph'] as [string, string]]),
    [
      `predict ${typed(path)} --peer ${typed(peer)}${restores ? ' --out restored' : ''}`,
      'predict with a trained model',
    ],
    ['simulate --data your.csv --peers 4', 'your own data'],
  ]
  return [
    `${pc.dim('run folder'.padEnd(24))}${shown(path)}`,
    ...(reportPath === undefined ? [] : [`${pc.dim('report, for a browser'.padEnd(24))}${shown(reportPath)}`]),
    '',
    'Next:',
    ...steps.map(([words, why]) => `  ${command(words)} ${pc.dim(`# ${why}`)}`),
  ].join('\n')
}

function otherMethod(manifest: Manifest): string | undefined {
  return alternativeTo(manifest.merge, merge => isManifest({ ...manifest, merge }))
}

/** A graph that the run's method and rule can work on, too: some need all peers, or enough neighbours. */
function otherGraph(manifest: Manifest): string | undefined {
  if (!followsGraph(manifest)) return undefined
  return ['exponential', 'ring', 'line'].find(kind => kind !== manifest.topology.kind && canRunOn(manifest, kind))
}

function canRunOn(manifest: Manifest, kind: string): boolean {
  const other = { ...manifest, topology: topologySchema.parse(kind) }
  if (!isManifest(other)) return false
  try {
    checkedTopology(other, manifest.peers)
    return true
  } catch (error) {
    if (error instanceof HearsayError) return false
    throw error
  }
}
