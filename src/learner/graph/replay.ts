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

/** Where a descent stands: nothing is known of its steps yet, they are to be taken one by one, or in a loop. */
type State =
  | { readonly kind: 'new' | 'one by one' }
  | { readonly kind: 'recorded'; readonly recording: Recording }
  | { readonly kind: 'loop'; readonly program: Program; readonly constants: readonly Tensor[] }

/**
 * The steps of a descent on native TensorFlow, many in one call.
 *
 * A small model's step is some forty operations, and calling them takes longer than they do. So the first step is
 * recorded (recording.ts) and written as a loop (loop.ts), which the library goes through by itself, with weights that
 * it changes in place.
 *
 * Which steps are taken in the loop depends on the descent alone, so that its numbers do not depend on what the worker
 * did before: all but the first and those with a batch of unusual size.
 */
export class Replay {
  private readonly backend = graphBackend()
  private now: State = { kind: 'new' }
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
    const { descent, course } = this
    const atOnce = this.now.kind === 'loop' ? Math.min(most, this.now.program.stepsAtOnce) : 1
    const feed = course.draw(descent.steps, atOnce)
    if (feed.usual && this.now.kind === 'recorded') this.now = this.learn(this.now.recording, feed)
    if (feed.usual && this.now.kind === 'loop') this.run(this.now, feed)
    else if (feed.usual && this.now.kind === 'new') {
      const { recording, figures } = this.record(feed)
      descent.add(figures)
      this.now = recording === undefined ? { kind: 'one by one' } : { kind: 'recorded', recording }
    } else descent.add(descent.step(course.gradients(feed.tensors, onlyStep)))
  }

  dispose(): void {
    if (this.now.kind === 'loop') tf.dispose([...this.now.constants])
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
  private learn(recording: Recording, { tensors, ...feed }: Feed): State {
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
    if (program === undefined) return { kind: 'one by one' }
    const floats = recording.constants.filter(({ values }) => values instanceof Float32Array)
    const constants = floats.map(({ values, shape }) => tf.keep(tf.tensor(values, [...shape], 'float32')))
    backend.getInputTensorIds(constants)
    return { kind: 'loop', program, constants }
  }

  private run({ program, constants }: Extract<State, { kind: 'loop' }>, { steps, tensors }: Feed): void {
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
