import { HearsayError } from '../errors.js'
import type { Manifest, Peer } from '../node/index.js'
import type { Checkpoints } from './checkpoints.js'
import type { FieldFolder } from './field-folder.js'
import { nothingYet, type SoFar } from './progress.js'
import { soundest } from './soundest.js'

/** What a peer is restored from. */
export interface TakeUpInit {
  readonly manifest: Manifest
  readonly folder: FieldFolder
  readonly checkpoints: Checkpoints
}

/**
 * Restores a peer from its folder: the last sound model, and what was kept beside it. Lost state is reported, and the
 * peer continues without it.
 *
 * @param tell - called with a line for each thing that is lost
 * @returns the progress that belongs to this model; with masks the rounds that the peer has ended in any life
 */
export async function takeUp(
  peer: Peer,
  { manifest, folder, checkpoints }: TakeUpInit,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<SoFar> {
  const before = folder.before ?? nothingYet
  const agreed = await folder.readAgreed()
  const lossOf = (parameters: Float32Array): Promise<number> => {
    peer.parameters.set(parameters)
    return peer.relativeLoss(agreed, signal)
  }
  const { head } = peer
  const { lossIncrease } = manifest.limits
  const sound = await soundest({ checkpoints, folder: folder.checkpointsPath, head, lossOf, lossIncrease, tell })
  // With masks no round comes twice (docs/privacy.md), though the model may be of an earlier one.
  const ended = manifest.masks === undefined ? 0 : before.rounds
  if (sound === undefined) {
    if (before.rounds > 0) tell(lostModel(folder.checkpointsPath, before.rounds))
    return { ...nothingYet, rounds: ended }
  }
  peer.parameters.set(sound.parameters)
  try {
    peer.restore(sound.kept, folder.checkpointsPath)
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    tell(`${error.message}; what is kept of the others beside the model begins anew`)
  }
  return { ...before, rounds: Math.max(sound.round, ended) }
}

function lostModel(path: string, rounds: number): string {
  const done = rounds === 1 ? '1 round that was' : `${rounds} rounds that were`
  return `${path}: the model of the ${done} done is lost; this peer begins with a head of the others, or anew where nobody has one`
}
