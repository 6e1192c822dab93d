import pc from 'picocolors'
import { measureOf } from '../data/index.js'
import { shown } from '../foreign.js'
import { alternativeTo, methodOf } from '../methods/index.js'
import { isManifest, type Manifest } from '../node/index.js'
import { command, typed } from '../shell.js'

/**
 * Suggests next commands that work for this simulation.
 *
 * @param path - of the run folder
 * @param peer - one of its peers
 * @param reportPath - of the run's report, if there is one
 */
export function nextSteps(path: string, manifest: Manifest, peer: string, reportPath?: string): string {
  const { mode, topology, data } = manifest
  const otherGraph = topology.kind === 'exponential' ? 'ring' : 'exponential'
  const run = `simulate ${typed(`${path}/manifest.yaml`)}`
  const restores = measureOf(data) === 'psnr'
  const merge = otherMethod(manifest)
  const steps: [words: string, why: string][] = [
    [run, mode === 'sync' ? 'the same numbers again' : 'once more'],
    ...(merge === undefined ? [] : [[`${run} --merge ${merge}`, 'another way to merge'] as [string, string]]),
    ...(methodOf(manifest.merge).road !== 'neighbours'
      ? []
      : [[`${run} --topology ${otherGraph}`, 'another graph'] as [string, string]]),
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
