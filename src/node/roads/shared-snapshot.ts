import { equals } from 'uint8arrays/equals'
import {
  type Buffers,
  createBuffers,
  decodeHead,
  digestOf,
  encodeHead,
  type HeadFormat,
  type HearsayHost,
  headFormat,
  requestWhenFree,
  type StatePayload,
  type Timing,
} from '../../gossip/index.js'
import type { Snapshot } from '../../methods/index.js'
import type { Layout } from '../../tensors/index.js'
import { type SaidSnapshot, type Standing, snapshotOfMost, type VotedSnapshot } from './snapshot-votes.js'

export interface SharedSnapshotInit {
  readonly node: HearsayHost
  readonly runId: Uint8Array
  readonly layout: Layout
  readonly normLimit: number
  /** Rounds from one snapshot to the next. */
  readonly every: number
  readonly deadlines: Timing['state']
  /** @default the peer's own */
  readonly buffers?: Buffers | undefined
}

/** Where the log of a peer begins, and how it comes to the same snapshot as most. */
export class SharedSnapshot {
  now: Snapshot = { round: 0, head: new Float32Array() }
  private readonly format: HeadFormat
  private readonly buffers: Buffers
  private encoded: (StatePayload & { readonly of: Snapshot }) | undefined

  constructor(private readonly init: SharedSnapshotInit) {
    this.format = headFormat(init.layout)
    this.buffers = init.buffers ?? createBuffers()
  }

  /** As it was last encoded. */
  get payload(): StatePayload | undefined {
    return this.encoded
  }

  async encode(): Promise<StatePayload> {
    if (this.encoded?.of === this.now) return this.encoded
    const of = this.now
    const bytes = await encodeHead(this.format, of.head, this.buffers)
    this.encoded = { bytes, digest: await digestOf(bytes), round: of.round, of }
    return this.encoded
  }

  /**
   * The snapshot of most, where it is to take the place of ours.
   *
   * @param said - the others', as their signed records name them
   * @returns undefined where ours stays, or where nobody gives theirs
   * @throws the signal's reason
   */
  async ofMost(
    said: readonly SaidSnapshot[],
    standing: Omit<Standing, 'own' | 'every'>,
    signal: AbortSignal,
  ): Promise<Snapshot | undefined> {
    const found = snapshotOfMost(said, { ...standing, own: await this.encode(), every: this.init.every })
    return found && this.request(found, signal)
  }

  /** From one after another of those that have it, until one gives what has this digest: they may have moved on. */
  private async request({ peers, digest, round }: VotedSnapshot, signal: AbortSignal): Promise<Snapshot | undefined> {
    const { format, buffers } = this
    const { node, runId, normLimit, deadlines } = this.init
    const question = { what: 'HEAD', runId, limitBytes: format.payloadBytes } as const
    for (const peer of peers) {
      try {
        const answer = await requestWhenFree(node, peer, question, signal, deadlines)
        if (answer.round !== round || !equals(answer.digest, digest)) continue
        const arrived = await decodeHead(format, normLimit, buffers, answer.bytes)
        const head = arrived.slice()
        buffers.give(arrived)
        return { round, head }
      } catch {
        // The peer is gone, busy or lying: another one has it too.
        signal.throwIfAborted()
      }
    }
    return undefined
  }
}
