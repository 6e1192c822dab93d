import type { Tensor } from '@tensorflow/tfjs-core'
import type { GradientsAt } from './rules/rule.js'
import { tf } from './tensorflow.js'

/** What the mini-batches of some steps in a row are taken from. */
export interface Feed {
  /** How many steps. */
  readonly steps: number
  /** Owned by the tidy in which they were drawn, or by somebody who keeps them. */
  readonly tensors: readonly Tensor[]
}

/** Of a tensor that has an entry for each step of a feed, that of the present one. */
export type ThisStep = (tensor: Tensor) => Tensor

/** The way of a round: its mini-batches, and the gradients on them. */
export interface Course {
  /**
   * Of the next step: those of one kind are the same operations on tensors of the same shapes, and come often enough to be
   * recorded and repeated. Undefined for one to be taken by itself.
   */
  readonly kind: number | undefined
  /**
   * Draws the next batches, within a tidy.
   *
   * @param from - the number of the first one's step
   * @param most - fewer are drawn where the next batch is of another kind
   */
  draw(from: number, most: number): Feed
  /**
   * The gradients on one of them: the same operations every step, on what differs, which is in the feed.
   *
   * @param tensors - the feed's
   */
  gradients(tensors: readonly Tensor[], thisStep: ThisStep): GradientsAt
}

/** Of a feed for one step. */
export const onlyStep: ThisStep = tensor => tf.reshape(tensor, tensor.shape.slice(1))
