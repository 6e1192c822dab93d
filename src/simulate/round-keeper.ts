import type { PeerState, SavedRun, StateKeeper } from '../disk/index.js'
import type { AssembledPeer, RoundFigures } from '../node/index.js'
import type { Network } from './network.js'
import type { ProgressOf } from './progress.js'

/** Keeps a run round by round: it can resume after the last complete one. */
export class RoundKeeper {
  /** Rounds whose figures are known, but which are not kept yet. */
  private readonly toKeep: RoundFigures[] = []
  /** By round, the bytes that each peer had sent by the round's end, though fast peers are already sending more. */
  private readonly sent = new Map<number, Map<AssembledPeer, number>>()

  constructor(
    private readonly keeper: StateKeeper,
    private readonly network: Pick<Network, 'peers' | 'traffic' | 'rejected'>,
    private readonly progress: ProgressOf,
    private readonly from: SavedRun | undefined,
  ) {}

  /** Keeps the state of a peer that has ended a round, and how much it has sent by then. */
  async ended(peer: AssembledPeer, round: number): Promise<void> {
    const kept = this.keeper.keep(peer.self, round, stateOf(peer, round))
    // Once idle, the peer has sent everything that it handed over in the round.
    await Promise.all([kept, peer.idle()])
    const ofRound = this.sent.get(round) ?? new Map<AssembledPeer, number>()
    this.sent.set(round, ofRound.set(peer, peer.counters.sentBytes))
  }

  add(figures: RoundFigures): void {
    this.toKeep.push(figures)
  }

  /** Commits the rounds whose events have all been seen. */
  async commitWhole(): Promise<void> {
    const { toKeep, progress, network, keeper, from } = this
    for (let next = toKeep[0]; next !== undefined && progress.isWhole(next.round); next = toKeep[0]) {
      toKeep.shift()
      const peers = progress.peersAt(next.round)
      for (const [place, peer] of network.peers.entries()) {
        if (peers[place]!.failed) await keeper.keep(place, next.round, stateOf(peer, progress.heardUpTo(place)))
      }
      const sentBytes = (from?.sentBytes ?? 0) + this.sentBy(next.round)
      const counts = { sentBytes, traffic: network.traffic(), rejected: network.rejected() }
      await keeper.commit({ ...progress.figuresAt(next), ...counts }, peers)
    }
  }

  /** Bytes sent by all peers; of a dead peer, its total. Must be called for the rounds in order, once each. */
  private sentBy(round: number): number {
    const ofRound = this.sent.get(round)
    this.sent.delete(round)
    return this.network.peers.reduce((sum, peer) => sum + (ofRound?.get(peer) ?? peer.counters.sentBytes), 0)
  }
}

function stateOf(peer: AssembledPeer, heardUpTo: number): PeerState {
  return { parameters: peer.parameters, ...peer.kept(heardUpTo) }
}
