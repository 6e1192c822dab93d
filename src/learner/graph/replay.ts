import type { Tensor } from '@tensorflow/tfjs-core'
import { type Course, type Feed, onlyStep } from '../course.js'
import type { Descent } from '../descent.js'
import { tf } from '../tensorflow.js'
import { graphBackend } from './binding.js'
import type { Program } from './program.js'
import type { Programs } from './programs.js'
import { type Recording, record } from './recording.js'

/** A longer call would keep an aborted job from ending. */
const callMs = 50
/** The calls' own cost, some 0.3 ms, is then spread thin; and what is fed to so many steps is bounded. */
const mostAtOnce = 64

/** What is known of steps of one kind: the first of them, that they are to be taken one by one, or how in a loop. */
type Known =
  | { readonly state: 'one by one' }
  | { readonly state: 'recorded'; readonly recording: Recording }
  | { readonly state: 'loop'; readonly program: Program; readonly constants: readonly Tensor[] }

/**
 * The steps of a descent on native TensorFlow, many in one call.
 *
 * A small model's step is some forty operations, and calling them takes longer than they do. So the first step of each
 * kind is recorded (recording.ts) and written as a loop (loop.ts), which the library goes through by itself, with weights
 * that it changes in place.
 *
 * Which steps are taken in the loop depends on the descent alone, so that its numbers do not depend on what the worker
 * did before: all but the first of each kind and those of no kind.
 */
export class Replay {
  private readonly backend = graphBackend()
  private readonly known = new Map<number, Known>()
  private inLoop = 0

  constructor(
    private readonly descent: Descent,
    private readonly course: Course,
    private readonly programs: Programs,
  ) {}

  /** How many steps were taken in the loop. */
  get steps(): number {
    return this.inLoop
  }

  /** Takes one step or more, `most` at most, within a tidy. */
  take(most: number): void {
    const { descent, course, known } = this
    const { kind } = course
    const before = kind === undefined ? undefined : known.get(kind)
    if (kind === undefined || before?.state === 'one by one') this.add(course.draw(descent.steps, 1))
    else if (before === undefined) {
      const { recording, figures } = this.record(course.draw(descent.steps, 1))
      descent.add(figures)
      known.set(kind, recording === undefined ? { state: 'one by one' } : { state: 'recorded', recording })
    } else if (before.state === 'loop') {
      this.run(before, course.draw(descent.steps, Math.min(most, before.program.stepsAtOnce)))
    } else {
      const feed = course.draw(descent.steps, 1)
      const now = this.learn(before.recording, feed)
      known.set(kind, now)
      if (now.state === 'loop') this.run(now, feed)
      else this.add(feed)
    }
  }

  dispose(): void {
    for (const known of this.known.values()) if (known.state === 'loop') tf.dispose([...known.constants])
  }

  /** Takes a step by itself. */
  private add({ tensors }: Feed): void {
    this.descent.add(this.descent.step(this.course.gradients(tensors, onlyStep)))
  }

  private record({ tensors }: Feed): { recording: Recording | undefined; figures: readonly Tensor[] } {
    const { backend, descent, course } = this
    const at = tf.scalar(0, 'int32')
    const given = backend.getInputTensorIds([...descent.state, at, ...tensors])
    let figures: readonly Tensor[] = []
    const recording = record(backend, given, () => {
      figures = descent.step(course.gradients(tensors, tensor => tf.gather(tensor, at)))
      return backend.getInputTensorIds([...descent.state, ...figures])
    })
    return { recording, figures }
  }

  /** Finds the program of a recorded step, or makes it. */
  private learn(recording: Recording, { tensors, ...feed }: Feed): Known {
    const { descent, backend } = this
    const shapes = {
      state: descent.state.map(({ shape }) => shape),
      feeds: tensors.map(({ shape, dtype }) => ({ shape, isWhole: dtype === 'int32' })),
      figures: descent.totals.map(({ shape }) => shape),
    }
    const program = this.programs.of(recording, shapes, () => {
      // A second step, to see whether it is the same; then everything is as it was, to the last bit.
      const held = descent.state.map(variable => tf.clone(variable))
      const again = this.record({ tensors, ...feed })
      for (const [i, variable] of descent.state.entries()) variable.assign(held[i]!)
      return again.recording
    })
    if (program === undefined) return { state: 'one by one' }
    const floats = recording.constants.filter(({ values }) => values instanceof Float32Array)
    const constants = floats.map(({ values, shape }) => tf.keep(tf.tensor(values, [...shape], 'float32')))
    backend.getInputTensorIds(constants)
    return { state: 'loop', program, constants }
  }

  private run({ program, constants }: Extract<Known, { state: 'loop' }>, { steps, tensors }: Feed): void {
    const { backend, descent } = this
    const { state, totals } = descent
    const begun = performance.now()
    const { changed } = program.loop
    const outputs = program.run(steps, backend.getInputTensorIds([...state, ...totals, ...tensors, ...constants]))
    for (const [i, place] of changed.entries()) state[place]!.assign(outputs[i]!)
    descent.advance(steps, outputs.slice(changed.length))
    this.inLoop += steps
    const isFast = performance.now() - begun < callMs
    if (isFast && steps === program.stepsAtOnce) program.stepsAtOnce = Math.min(mostAtOnce, 2 * steps)
  }
}
