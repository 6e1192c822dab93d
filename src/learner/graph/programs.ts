import { graphBackend } from './binding.js'
import { loopOf, type StepShapes } from './loop.js'
import { load, type Program } from './program.js'
import type { Recording } from './recording.js'

/** How the binding's message begins where the library does not take a graph. */
const notTaken = 'Failed to load SavedModel'
/** Some hundred kilobytes each; a worker's peers have one in common for each model, batch and list of rules. */
const mostPrograms = 16

/** What a worker's steps have been made into, by what they do. */
export class Programs {
  /** In order of use, the latest last; nothing for steps that are not alike. */
  private readonly known = new Map<string, Program | undefined>()

  /**
   * The program of steps like this one.
   *
   * @param another - records a second step; asked when this kind of step is new
   * @returns undefined when steps of this kind are not alike, or the library does not take them as a graph
   */
  of(recording: Recording, shapes: StepShapes, another: () => Recording | undefined): Program | undefined {
    const key = structureOf(recording, shapes)
    const program = this.known.has(key) ? this.known.get(key) : make(recording, shapes, another())
    this.known.delete(key)
    this.known.set(key, program)
    for (const [oldest, program] of this.known) {
      if (this.known.size <= mostPrograms) break
      this.known.delete(oldest)
      program?.dispose()
    }
    return program
  }

  /** Frees what the library holds. */
  dispose(): void {
    for (const program of this.known.values()) program?.dispose()
    this.known.clear()
  }
}

function make(recording: Recording, shapes: StepShapes, another: Recording | undefined): Program | undefined {
  // What a step draws, such as the units that dropout leaves out, is another constant every time.
  if (another === undefined || !areAlike(recording, another, shapes)) return undefined
  const backend = graphBackend()
  try {
    return load(backend, loopOf(backend.binding, recording, shapes))
  } catch (error) {
    // An operation that is not complete in a graph, though it is by itself: the library's binding reports it so.
    if (error instanceof RangeError || (error instanceof Error && error.message.startsWith(notTaken))) return undefined
    throw error
  }
}

/** What a step does, without the numbers that it makes by itself. */
function structureOf({ operations, constants, results }: Recording, { state, feeds, figures }: StepShapes): string {
  const parts = constants.map(({ shape, dtype, values }) =>
    values instanceof Float32Array ? [shape, dtype] : [shape, dtype, [...values]],
  )
  const ofFeeds = feeds.map(({ shape, isWhole }) => [shape.slice(1), isWhole])
  return JSON.stringify([operations, parts, results, state, ofFeeds, figures])
}

function areAlike(a: Recording, b: Recording, shapes: StepShapes): boolean {
  return (
    structureOf(a, shapes) === structureOf(b, shapes) &&
    a.constants.every(({ values }, place) => {
      const others = b.constants[place]!.values
      return values.every((value, k) => Object.is(value, others[k]))
    })
  )
}
