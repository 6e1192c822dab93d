import type { Unmerged } from '../methods/index.js'
import type { MixtureSpec } from '../mixture/index.js'
import type { Peer, PeerEvent } from '../node/index.js'
import { type DescriptionInit, describePeer } from './description.js'
import type { FieldFolder } from './field-folder.js'
import { keepPeer } from './kept-peer.js'
import type { MetMember } from './peer-files.js'
import { type LastTest, nothingYet } from './progress.js'
import { createRoundCheckpoints, type RoundCheckpoints } from './round-checkpoints.js'
import { type TakenUp, takeUp } from './take-up.js'

export interface PeerKeeperInit {
  readonly peer: Peer
  readonly folder: FieldFolder
  readonly name: string
  /** Of a user's model, from `readTopology`: read before the run, as files change. */
  readonly topology: unknown
  /** The members that it knew before. */
  readonly met: readonly MetMember[]
  /** Receives a line for each thing that the folder has lost. Must not throw. */
  readonly onLost: (line: string) => void
}

/** Keeps a running peer in its folder: whatever an event changes is on the disk before anybody hears of the event. */
export class PeerKeeper {
  /** Rounds that the peer has ended. */
  rounds = 0
  /** The last test of its model. */
  tested: LastTest | undefined
  /** What the peer goes back to where training diverges on the model that it was taken up with. */
  unmerged: Unmerged | undefined
  met: readonly MetMember[]
  private readonly checkpoints: RoundCheckpoints
  private readonly merges: boolean

  constructor(private readonly init: PeerKeeperInit) {
    const { peer, folder, name, onLost } = init
    this.met = init.met
    this.merges = peer.mixture === undefined && folder.manifest.merge.method !== 'none'
    const { runId, layout } = peer
    this.checkpoints = createRoundCheckpoints({ folder: folder.checkpointsPath, runId, layout, name, tell: onLost })
  }

  /** Before the peer hears of anybody: one that is killed in its first round comes back too. */
  async begin(signal: AbortSignal): Promise<void> {
    const { peer, folder, name, onLost } = this.init
    await folder.writeMembers(this.met)
    await this.describe()
    const kept = { name, manifest: folder.manifest, folder, checkpoints: this.checkpoints }
    const taken: TakenUp = folder.isNew ? nothingYet : await takeUp(peer, kept, onLost, signal)
    this.rounds = taken.rounds
    this.tested = taken.tested
    this.unmerged = taken.unmerged
    await this.describe(peer.mixture?.kept())
  }

  async keep(event: PeerEvent, signal: AbortSignal): Promise<void> {
    const { peer, folder } = this.init
    if (event.type === 'standardised') await folder.writeAgreed(event.sum)
    folder.append(event)
    switch (event.type) {
      case 'standardised':
        return this.describe(peer.mixture?.kept())
      case 'evaluated':
        this.tested = event
        return
      case 'trained':
        if (this.merges) await this.checkpoints.trained(event.round, peer.parameters, event.loss, signal)
        return
      case 'joined':
        return this.meet()
      case 'ended':
        this.rounds = event.round + 1
        await this.checkpoints.ended(event.round, peer.parameters, signal)
        if (peer.mixture !== undefined) await this.describe(peer.mixture.kept())
        return this.meet()
    }
  }

  /** Where peers agree on their standardisation there is nothing to describe before they have. */
  private async describe(mixture?: Parameters<typeof keepPeer>[2]): Promise<void> {
    const { peer, folder, name, topology } = this.init
    const { runId, model, layout, dataset, identity, standardisation } = peer
    if (standardisation === undefined) return
    const { task, merge } = folder.manifest
    const about: DescriptionInit = {
      runId,
      name,
      id: identity.peerId.toString(),
      model,
      topology,
      layout,
      dataset,
      standardisation,
      ...(merge.method === 'mixture' && { mixture: merge as MixtureSpec }),
      ...(task?.objective && { objective: task.objective }),
    }
    await keepPeer(folder.path, describePeer(about), mixture)
  }

  /** Members that are there, and behind them those that were: after an hour without a network all are still known. */
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
