import type { Tensor } from '@tensorflow/tfjs-core'
import { Chain, type ChainInit, firstOf } from './rules/chain.js'
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
  private totals: Tensor[] = []
  private taken = 0
  private now: Weights

  constructor(private readonly init: ChainInit) {
    this.now = init.weights
  }

  /** The weights as they are now; of a stack of the peers that are left. */
  get weights(): Weights {
    return this.now
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
    this.chain ??= new Chain(this.init)
    const { chain } = this
    while (this.taken < until) {
      if (aborted()) return false
      const totals = tf.tidy(() => {
        const figures = chain.step(this.now, batch(this.taken))
        return figures.map((figure, i) => tf.add(this.totals[i] ?? 0, figure))
      })
      tf.dispose(this.totals)
      this.totals = totals
      this.taken++
      if (this.taken % stepsAhead === 0) await totals[0]!.data()
    }
    return true
  }

  /** Sums over the steps, one array for each of the figures. */
  async sums(): Promise<Float32Array[]> {
    return (await Promise.all(this.totals.map(total => total.data()))) as Float32Array[]
  }

  /** Goes on with the first peers of a stack alone; what belongs to the others is freed, weights included. */
  narrow(peers: number): void {
    this.now = { ...this.now, variables: this.now.variables.map(variable => firstOf(variable, peers)) }
    this.chain?.narrow(peers)
    this.totals = this.totals.map(total => {
      const first = tf.slice(total, 0, peers)
      total.dispose()
      return first
    })
  }

  /** Frees all but the weights. */
  dispose(): void {
    tf.dispose(this.totals)
    this.chain?.dispose()
  }
}
