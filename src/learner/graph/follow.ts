import { type Course, onlyStep } from '../course.js'
import type { Descent } from '../descent.js'
import { tf } from '../tensorflow.js'
import type { Programs } from './programs.js'
import { Replay } from './replay.js'

/** How far a course was followed. */
export interface Followed {
  /** False when it was aborted. */
  readonly whole: boolean
  /** Steps that were taken in a loop of the library's. */
  readonly inLoop: number
}

/**
 * Takes a descent's steps until there are `until`.
 *
 * @param programs - nothing where the backend takes steps one by one
 * @param aborted - asked before each step, or loop of steps
 * @throws as {@link Descent.run} does
 */
export async function follow(
  course: Course,
  descent: Descent,
  until: number,
  programs: Programs | undefined,
  aborted: () => boolean,
): Promise<Followed> {
  if (programs === undefined) {
    const whole = await descent.run(until, step => course.gradients(course.draw(step, 1).tensors, onlyStep), aborted)
    return { whole, inLoop: 0 }
  }
  const replay = new Replay(descent, course, programs)
  try {
    while (descent.steps < until) {
      if (aborted()) return { whole: false, inLoop: replay.steps }
      tf.tidy(() => replay.take(until - descent.steps))
    }
    return { whole: true, inLoop: replay.steps }
  } finally {
    replay.dispose()
  }
}
