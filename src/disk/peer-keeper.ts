import type { Peer, PeerEvent } from '../node/index.js'
import { type Checkpoints, createCheckpoints } from './checkpoints.js'
import { describePeer } from './description.js'
import type { FieldFolder } from './field-folder.js'
import { keepPeer } from './kept-peer.js'
import type { MetMember } from './peer-files.js'
import { type LastTest, nothingYet } from './progress.js'
import { takeUp } from './take-up.js'

export interface PeerKeeperInit {
  readonly peer: Peer
  readonly folder: FieldFolder
  readonly name: string
  /** For a user's model: the result of `readTopology`, called before the run, as the file may change meanwhile. */
  readonly topology: unknown
  /** Members that the peer knew before. */
  readonly met: readonly MetMember[]
  /** Called with a line for each thing that the folder has lost. Must not throw. */
  readonly onLost: (line: string) => void
}

/** Keeps a running peer in its folder: whatever an event changes is on the disk before the event is emitted. */
export class PeerKeeper {
  /** Rounds that the peer has ended. */
  rounds = 0
  /** Rounds that it has ended ever: more where it resumes with an earlier model than its last. */
  readonly reached: number
  /** The last test of its model. */
  tested: LastTest | undefined
  met: readonly MetMember[]
  private readonly checkpoints: Checkpoints

  constructor(private readonly init: PeerKeeperInit) {
    const { peer, folder, onLost: onDamaged } = init
    this.met = init.met
    this.reached = folder.before?.rounds ?? 0
    const { runId, layout, head } = peer
    this.checkpoints = createCheckpoints({
      folder: folder.checkpointsPath,
      runId,
      layout,
      head: head.layout,
      onDamaged,
    })
  }

  /** Called before the peer receives anything, so that one killed in its first round can resume too. */
  async begin(signal: AbortSignal): Promise<void> {
    const { peer, folder, onLost } = this.init
    await folder.writeMembers(this.met)
    const from = { manifest: folder.manifest, folder, checkpoints: this.checkpoints }
    const taken = folder.isNew ? nothingYet : await takeUp(peer, from, onLost, signal)
    this.rounds = taken.rounds
    this.tested = taken.tested
    // A restored peer already has the standardisation that was agreed on.
    await this.describe()
  }

  async keep(event: PeerEvent, signal: AbortSignal): Promise<void> {
    const { folder } = this.init
    if (event.type === 'standardised') await folder.writeAgreed(event.sum)
    folder.append(event)
    switch (event.type) {
      case 'standardised':
        return this.describe()
      case 'evaluated':
        this.tested = event
        return
      case 'joined':
        return this.meet()
      case 'ended':
        this.rounds = event.round + 1
        await this.save(signal)
        return this.meet()
    }
  }

  /**
   * Saves the model as it is now. In the middle of a round it counts as one that has ended the rounds before: a peer that
   * comes back trains that round again, from there.
   */
  save(signal: AbortSignal): Promise<void> {
    const { peer, name } = this.init
    return this.checkpoints.save({ round: this.rounds, name, parameters: peer.parameters, ...peer.kept() }, signal)
  }

  /** Writes the description; where peers agree on a standardisation, only once they have agreed. */
  private async describe(): Promise<void> {
    const { peer, folder, name, topology } = this.init
    const { runId, model, layout, dataset, identity, standardisation } = peer
    if (standardisation === undefined) return
    const { task, merge, share } = folder.manifest
    const description = describePeer({
      runId,
      name,
      id: identity.peerId.toString(),
      model,
      topology,
      layout,
      dataset,
      standardisation,
      merge,
      share,
      ...(task?.objective && { objective: task.objective }),
    })
    await keepPeer(folder.path, description)
  }

  /** Writes live members first, then those that have left: all are still known after an hour without a network. */
  private async meet(): Promise<void> {
    const { peer, folder } = this.init
    const live = peer.members()
    const here = new Set(live.map(({ peerId }) => peerId.toString()))
    const finished = new Set(peer.finished().map(String))
    const gone = this.met.filter(({ peerId }) => !here.has(peerId.toString()))
    this.met = [
      ...live,
      ...gone.map(member => (finished.has(member.peerId.toString()) ? { ...member, finished: true as const } : member)),
    ]
    await folder.writeMembers(this.met)
  }
}
