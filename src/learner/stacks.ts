import type { TrainOutcome, TrainPart } from './messages.js'

/** Trains some peers for one round, one outcome a part. */
export type TrainParts = (parts: readonly TrainPart[], round: number) => Promise<readonly TrainOutcome[]>

interface Waiting {
  readonly part: TrainPart
  readonly round: number
  resolve(outcome: TrainOutcome): void
  reject(error: unknown): void
}

/**
 * Peers of a simulation that train side by side. The same ones each round, whichever is ready first: on GPUs, and with
 * native TensorFlow other than on x64, a matrix product's last bits depend on what else is in the batch
 * (dense/gradients.ts), and the same manifest must give the same bits. So a stack begins when all its members are ready.
 * That cannot block: to train for a round, a peer needs of others only what they sent in the round before.
 */
export class TrainingStack {
  private readonly members: Set<number>
  private readonly waiting = new Map<number, Waiting>()

  constructor(
    members: Iterable<number>,
    private readonly work: TrainParts,
  ) {
    this.members = new Set(members)
  }

  train(part: TrainPart, round: number): Promise<TrainOutcome> {
    return new Promise((resolve, reject) => {
      if (this.waiting.has(part.peer)) throw new Error(`peer ${part.peer} already waits to be trained`)
      this.members.add(part.peer)
      this.waiting.set(part.peer, { part, round, resolve, reject })
      this.beginWhenWhole()
    })
  }

  /** The others no longer wait for this peer, until it trains again. */
  leave(peer: number): void {
    this.members.delete(peer)
    this.waiting.delete(peer)
    this.beginWhenWhole()
  }

  private beginWhenWhole(): void {
    if (this.waiting.size === 0 || [...this.members].some(peer => !this.waiting.has(peer))) return
    const all = [...this.waiting.values()].sort((a, b) => a.part.peer - b.part.peer)
    this.waiting.clear()
    // After an interruption members may be in different rounds; then each goes on in its own.
    const kinds = new Map<string, Waiting[]>()
    for (const one of all) {
      const kind = kindOf(one)
      kinds.set(kind, [...(kinds.get(kind) ?? []), one])
    }
    for (const together of kinds.values()) void this.begin(together)
  }

  private async begin(together: readonly Waiting[]): Promise<void> {
    const [{ round }] = together as [Waiting]
    try {
      const outcomes = await this.work(
        together.map(({ part }) => part),
        round,
      )
      for (const [place, { resolve }] of together.entries()) resolve(outcomes[place])
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }
}

/** Vectors of rules are each peer's own; of what length they are is the same for all that train side by side. */
function kindOf({ round, part: { plan } }: Waiting): string {
  return JSON.stringify([round, plan], (_, value) => (ArrayBuffer.isView(value) ? value.byteLength : value))
}
