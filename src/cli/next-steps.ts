import pc from 'picocolors'
import { measureOf } from '../data/index.js'
import { shown } from '../foreign.js'
import { methodOf } from '../methods/index.js'
import type { Manifest } from '../node/index.js'

/**
 * What may come after a simulation, as commands that work for it.
 *
 * @param path - of the run folder
 * @param peer - one of its peers
 */
export function nextSteps(path: string, manifest: Manifest, peer: string): string {
  const { mode, topology, data } = manifest
  const otherGraph = topology.kind === 'exponential' ? 'ring' : 'exponential'
  const run = `simulate ${typed(`${path}/manifest.yaml`)}`
  const restores = measureOf(data) === 'psnr'
  const merge = otherMerge(manifest)
  const steps = [
    [run, mode === 'sync' ? 'the same numbers again' : 'once more'],
    ...(merge === undefined ? [] : [[`${run} --merge ${merge}`, 'another way to merge']]),
    ...(methodOf(manifest.merge).road === 'everybody' ? [] : [[`${run} --topology ${otherGraph}`, 'another graph']]),
    [`predict ${typed(path)} --peer ${typed(peer)}${restores ? ' --out restored' : ''}`, 'ask a trained model'],
    ['simulate --data your.csv --peers 4', 'your own data'],
  ]
  return [
    `${pc.dim('run folder'.padEnd(24))}${shown(path)}`,
    '',
    'Next:',
    ...steps.map(([command, why]) => `  npx hearsay ${command} ${pc.dim(`# ${why}`)}`),
  ].join('\n')
}

/** A path or a name as one types it into a shell. */
export function typed(text: string): string {
  const quoted = /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
  return shown(quoted, 1000)
}

/** Bodies that differ cannot be merged, and async has one exchange a round. */
function otherMerge({ models, mode, merge }: Manifest): string | undefined {
  if (models !== undefined) return undefined
  if (mode === 'async') return merge.method === 'dfedavg' ? 'dfedsam' : 'dfedavg'
  return merge.method === 'dfedsam-mgs' ? 'dfedavg' : 'dfedsam-mgs --gossip-steps 4'
}
