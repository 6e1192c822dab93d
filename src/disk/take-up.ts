import { HearsayError } from '../errors.js'
import type { Unmerged } from '../methods/index.js'
import type { Manifest, Peer } from '../node/index.js'
import { headOf } from '../tensors/index.js'
import type { FieldFolder } from './field-folder.js'
import { readPeer } from './kept-peer.js'
import { nothingYet, type SoFar } from './progress.js'
import type { RoundCheckpoints } from './round-checkpoints.js'

/** What a peer is taken up from. */
export interface Kept {
  readonly name: string
  readonly manifest: Manifest
  readonly folder: FieldFolder
  readonly checkpoints: RoundCheckpoints
}

/** How far it was, and what it goes back to where training diverges on the model that it was taken up with. */
export interface TakenUp extends SoFar {
  readonly unmerged?: Unmerged
}

/**
 * Puts into a peer what its folder keeps of it: the last model that is sound, and of a mixture what it has learnt of the
 * others. What is lost is told, and the peer goes on without.
 *
 * @param tell - told of what is lost, a line each
 * @returns how far it was with this model
 */
export async function takeUp(
  peer: Peer,
  { name, manifest, folder, checkpoints }: Kept,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<TakenUp> {
  const before = folder.before ?? nothingYet
  const agreed = await folder.readAgreed()
  const lossOf = (parameters: Float32Array): Promise<number> => {
    peer.parameters.set(parameters)
    return peer.relativeLoss(agreed, signal)
  }
  const sound = await checkpoints.sound(lossOf, manifest.limits.lossIncrease)
  if (sound === undefined) {
    if (before.rounds > 0) tell(lostModel(folder.checkpointsPath, before.rounds))
    return nothingYet
  }
  const { checkpoint: saved, before: unmerged } = sound
  peer.parameters.set(saved.parameters)
  if (peer.mixture !== undefined) await restoreMixture(peer.mixture, name, folder.path, tell)
  return {
    ...before,
    rounds: saved.round,
    ...(unmerged && { unmerged: { head: headOf(unmerged.parameters, peer.head), loss: unmerged.loss } }),
  }
}

function lostModel(path: string, rounds: number): string {
  const done = rounds === 1 ? '1 round that was' : `${rounds} rounds that were`
  return `${path}: the model of the ${done} done is lost; this peer begins with a head of the others, or anew where nobody has one`
}

async function restoreMixture(
  mixture: NonNullable<Peer['mixture']>,
  name: string,
  path: string,
  tell: (line: string) => void,
): Promise<void> {
  let lost = `${path}/mixtures: what was learnt of the others' heads is missing`
  try {
    const { mixture: kept } = await readPeer(path, name)
    if (kept !== undefined) return mixture.restore(kept.weights, kept.experts, path)
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    lost = error.message
  }
  tell(`${lost}; the gate and its transforms begin anew`)
}
