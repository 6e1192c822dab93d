/** What a person can ask a running peer in the field for. */
export const actionNames = ['save', 'evaluate', 'leave'] as const
export type ActionName = (typeof actionNames)[number]

/** What came of what a person asked for, in a sentence. */
export interface ActionState {
  readonly isPending: boolean
  readonly text: string
}

/** Another peer, as this one has last heard of it. */
export interface SeenMember {
  readonly peer: string
  readonly name: string
  readonly standing: 'live' | 'silent' | 'left'
  /** The last round that it has ended, from 0. */
  readonly round: number
  readonly samples: number
  readonly loss: number | null
  readonly accuracy: number | null
  readonly heardSecondsAgo: number
  /** What this peer makes of it in the long run; null where there is no reputation, or none of it yet. */
  readonly gain: number | null
  readonly cosine: number | null
  readonly isMuted: boolean
}

/** A peer in the field as it sees itself and the others. */
export interface PeerView {
  readonly name: string
  readonly peer: string
  /** Rounds that it has ended. */
  readonly rounds: number
  readonly reachability: 'public' | 'private' | 'unknown'
  readonly addresses: readonly string[]
  readonly members: readonly SeenMember[]
  readonly sentBytes: number
  readonly receivedBytes: number
  /** By reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** Bytes of the run folder, and free on its disk; null where that is unknown. */
  readonly usedBytes: number | null
  readonly freeBytes: number | null
  readonly actions: Readonly<Record<ActionName, ActionState>>
}

/** A running peer in the field, for its dashboard. */
export interface WatchedPeer {
  view(): Promise<PeerView>
  /** Begins what a person asks for; {@link PeerView.actions} has what comes of it. Must not throw. */
  ask(action: ActionName): void
}
