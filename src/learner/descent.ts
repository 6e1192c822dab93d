import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { Chain, type ChainInit, firstOf, type Lasting } from './rules/chain.js'
import type { GradientsAt, Weights } from './rules/rule.js'
import { tf } from './tensorflow.js'

/**
 * A GPU takes steps faster than it does them. So many may wait for it: enough to keep it busy, few enough that their
 * memory is bounded and an aborted job ends soon.
 */
const stepsAhead = 32

/** The steps of one round, whatever is trained. The caller owns the weights. */
export class Descent {
  private chain: Chain | undefined
  /** Summed on the device and read when they are wanted: reading them every step would make the device wait for us. */
  private summed: readonly Tensor[] = []
  private taken = 0
  private now: Weights

  constructor(private readonly init: ChainInit) {
    this.now = init.weights
  }

  /** The weights as they are now; of a stack of the peers that are left. */
  get weights(): Weights {
    return this.now
  }

  /** The sums of the figures so far; none before the first step. */
  get totals(): readonly Tensor[] {
    return this.summed
  }

  /** How many have been taken. */
  get steps(): number {
    return this.taken
  }

  /**
   * Takes steps until there are `until`.
   *
   * @param batch - draws the mini-batch of a step, within its tidy
   * @param aborted - asked before each step
   * @returns false when it was aborted
   * @throws as {@link Chain} does, before the first step
   */
  async run(until: number, batch: (step: number) => GradientsAt, aborted: () => boolean): Promise<boolean> {
    this.begun()
    while (this.taken < until) {
      if (aborted()) return false
      tf.tidy(() => this.add(this.step(batch(this.taken))))
      if (this.taken % stepsAhead === 0) await this.totals[0]!.data()
    }
    return true
  }

  /** All that a step begins with and changes. */
  get state(): readonly Variable[] {
    return [...this.now.variables, ...this.now.tracked, ...this.begun().kept]
  }

  /**
   * Takes a step, within a tidy, which counts once its figures are added.
   *
   * @throws as {@link Chain} does, before the first step
   */
  step(gradientsAt: GradientsAt): readonly Tensor[] {
    return this.begun().step(this.now, gradientsAt)
  }

  /** Adds a step's figures, within its tidy. */
  add(figures: readonly Tensor[]): void {
    this.advance(
      1,
      figures.map((figure, i) => tf.add(this.totals[i] ?? 0, figure)),
    )
  }

  /**
   * Counts steps that are taken.
   *
   * @param totals - with their figures; they are this descent's from now on
   */
  advance(steps: number, totals: readonly Tensor[]): void {
    tf.dispose([...this.totals])
    this.summed = totals.map(total => tf.keep(total))
    this.taken += steps
  }

  /** Sums over the steps, one array for each of the figures. */
  async sums(): Promise<Float32Array[]> {
    return (await Promise.all(this.totals.map(total => total.data()))) as Float32Array[]
  }

  /** What of it outlasts the round: see {@link Chain.lasting}. @param peer - its place in a stack */
  async lasting(peer = 0): Promise<Lasting[]> {
    return this.begun().lasting(this.now, peer)
  }

  /** Goes on with the first peers of a stack alone; what belongs to the others is freed, weights included. */
  narrow(peers: number): void {
    this.now = { ...this.now, variables: this.now.variables.map(variable => firstOf(variable, peers)) }
    this.chain?.narrow(peers)
    this.summed = this.totals.map(total => {
      const first = tf.slice(total, 0, peers)
      total.dispose()
      return first
    })
  }

  /** Frees all but the weights. */
  dispose(): void {
    tf.dispose([...this.totals])
    this.chain?.dispose()
  }

  private begun(): Chain {
    this.chain ??= new Chain(this.init)
    return this.chain
  }
}
