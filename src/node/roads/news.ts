import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import { type Kept, type Position, partOf } from '../../methods/index.js'
import { areFinite, reserveVector, squareSum } from '../../tensors/index.js'
import { copyInSlices, inSlices } from '../../turns.js'
import { validate } from '../../validation.js'

export interface NewsInit {
  /** Of the head. */
  readonly size: number
  /** So many times as far as in a usual round a head moves before it is news. */
  readonly moved: number
  /** Exchanges in a round; those behind them, of a final merge, are news in any case. */
  readonly steps: number
}

/**
 * Has a peer anything new for its neighbours? It has once its head lies further from the one that they heard than it
 * usually moves from round to round: an event trigger as that of SPARQ-SGD (arXiv 1910.14280), whose threshold falls with
 * the square of the learning rate. Here the unit is measured, so that no number of the model, the rate or the round need
 * be known; and as peers part by no more than a few of these ways, their consensus distance stays in a proportion to a
 * round's progress, which is what training bears (consensus distance control, arXiv 2102.04828).
 */
export interface News {
  /**
   * Asked before every exchange, of what would be handed over. The first exchange of a round decides for all of them,
   * so that the same edges are used in each.
   */
  isNew(position: Position, head: Float32Array): Promise<boolean>
  /** All neighbours have got the head of this round, though it was none. */
  heard(): Promise<void>
  /** The head was replaced by another peer's: whatever comes next is news. */
  replaced(): void
  /** Adds what it goes by to what the method keeps. */
  kept(method: Kept): Kept
  /**
   * Goes on from what was kept.
   *
   * @param restoreMethod - is given the rest of it, and throws where it does not fit
   * @throws {@link HearsayError} `PARAMETERS` where it does not fit, or what that throws: nothing is restored then
   */
  restore(kept: Kept, source: string, restoreMethod: (rest: Kept) => void): void
}

/** How much the newest round counts in what is usual: half, so that a falling learning rate shows within a few. */
const newest = 0.5

const prefix = 'news:'
const movedSchema = z.tuple([z.union([z.number().min(0), z.nan()])])

export function createNews(init: NewsInit): News {
  return new Movement(init)
}

class Movement implements News {
  /** What the neighbours have heard last, and what was asked about last. */
  private readonly vectors = new Map<'heard' | 'last', Float32Array>()
  /** The square of how far a head moves in a round; undefined before the second. */
  private usual: number | undefined
  private isNews = true

  constructor(private readonly init: NewsInit) {}

  async isNew({ step }: Position, head: Float32Array): Promise<boolean> {
    if (step >= this.init.steps) return true
    if (step > 0) return this.isNews
    const [since, moved] = [await this.squareTo('heard', head), await this.squareTo('last', head)]
    // A model that has diverged is not near anything: the others refuse it, as they do without a trigger.
    this.isNews = !(since <= this.init.moved ** 2 * (this.usual ?? Number.NaN))
    if (Number.isFinite(moved)) this.usual = (this.usual ?? moved) * (1 - newest) + moved * newest
    await this.set('last', head)
    if (this.isNews) await this.set('heard', head)
    return this.isNews
  }

  async heard(): Promise<void> {
    await this.set('heard', this.vectors.get('last')!)
  }

  replaced(): void {
    this.vectors.clear()
  }

  kept(method: Kept): Kept {
    const tensors = [...this.vectors].map(([name, values]) => ({
      name: `${prefix}${name}`,
      shape: [values.length],
      values,
    }))
    const moved = [this.usual ?? Number.NaN]
    return { ...method, tensors: [...method.tensors, ...tensors], numbers: { ...method.numbers, moved } }
  }

  restore(kept: Kept, source: string, restoreMethod: (rest: Kept) => void): void {
    const { tensors, numbers: moved, rest } = partOf(kept, prefix, 'moved')
    if (tensors.length === 0 && moved === undefined) {
      restoreMethod(rest)
      return
    }
    const [usual] = validate(movedSchema, moved, `${source}: moved`, 'PARAMETERS')
    const vectors = tensors.map(({ name, values }) => {
      const which = name.slice(prefix.length)
      const fits = values.length === this.init.size && areFinite(values)
      if ((which === 'heard' || which === 'last') && fits) return [which, values] as const
      const message = `${name} of the run’s exchange does not fit; was it written by another peer?`
      throw new HearsayError('PARAMETERS', message, { source })
    })
    restoreMethod(rest)
    this.vectors.clear()
    for (const [which, values] of vectors) this.reserve(which).set(values)
    this.usual = Number.isNaN(usual) ? undefined : usual
  }

  /** The square of the distance to what is remembered; infinite where nothing is. */
  private async squareTo(which: 'heard' | 'last', head: Float32Array): Promise<number> {
    const known = this.vectors.get(which)
    if (known === undefined) return Number.POSITIVE_INFINITY
    const sum = squareSum(head, known)
    await inSlices(head.length, 2, sum.add)
    return sum.total()
  }

  private async set(which: 'heard' | 'last', head: Float32Array): Promise<void> {
    await copyInSlices(this.reserve(which), head)
  }

  private reserve(which: 'heard' | 'last'): Float32Array {
    const values = this.vectors.get(which) ?? reserveVector(this.init.size)
    this.vectors.set(which, values)
    return values
  }
}
