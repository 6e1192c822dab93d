import type { Binding, GraphBackend, Setting, Values } from './binding.js'

/** An operation of a step: which one, and where its inputs come from. */
export interface Operation {
  readonly name: string
  readonly settings: readonly Setting[]
  /** See {@link givenName}, {@link constantName} and {@link outputName}. */
  readonly inputs: readonly string[]
  /** Of its first input, where that is not one of the tensors given. */
  readonly dtype: number | undefined
}

/** Numbers that a step made by itself, such as a learning rate or a shape. */
export interface Constant {
  readonly shape: readonly number[]
  readonly dtype: number
  readonly values: Values
}

/** What the native library was asked in a step, as one can ask it again. */
export interface Recording {
  readonly operations: readonly Operation[]
  readonly constants: readonly Constant[]
  /** Where the step's results come from. */
  readonly results: readonly string[]
}

/** The names of a step's sources: what it was given, its constants, and its operations' outputs. */
export const givenName = (place: number): string => `given${place}`
export const constantName = (place: number): string => `constant${place}`
export const operationName = (place: number): string => `step${place}`
const outputName = (place: number, output: number): string =>
  output === 0 ? operationName(place) : `${operationName(place)}:${output}`

let recording = false

/** Whether a step is being recorded: then nothing may be read back, what is computed must be the library's operations. */
export function isRecording(): boolean {
  return recording
}

/**
 * Does a step and writes down what the library is asked for: TensorFlow.js asks tfjs-node for everything through one
 * object, and for every operation by the name that it has in TensorFlow.
 *
 * @param given - the library's numbers of the tensors that the step begins with
 * @param step - returns those of its results
 * @returns undefined when it cannot be done again from what it was given: it read what it had computed, or used tensors
 *   from elsewhere
 */
export function record(backend: GraphBackend, given: readonly number[], step: () => number[]): Recording | undefined {
  const { binding } = backend
  const names = new Map(given.map((id, place) => [id, givenName(place)]))
  const types = new Map<string, number>()
  const operations: Operation[] = []
  const constants: Constant[] = []
  let isWhole = true
  const nameOf = (id: number): string => {
    const name = names.get(id)
    if (name === undefined) isWhole = false
    return name ?? ''
  }
  const watched: Partial<Binding> = {
    executeOp(name, settings, ids, count) {
      const inputs = ids.map(nameOf)
      const outputs = binding.executeOp(name, settings, ids, count)
      for (const [output, { id, dtype }] of outputs.entries()) {
        const source = outputName(operations.length, output)
        names.set(id, source)
        types.set(source, dtype)
      }
      operations.push({ name, settings, inputs, dtype: inputs.length === 0 ? undefined : types.get(inputs[0]!) })
      return outputs
    },
    createTensor(shape, dtype, values) {
      const id = binding.createTensor(shape, dtype, values)
      const name = constantName(constants.length)
      names.set(id, name)
      types.set(name, dtype)
      constants.push({ shape: [...shape], dtype, values: values.slice() })
      return id
    },
    tensorDataSync(id) {
      // A constant's numbers are the same every time.
      if (!nameOf(id).startsWith('constant')) isWhole = false
      return binding.tensorDataSync(id)
    },
  }
  backend.binding = new Proxy({} as Binding, {
    get: (_, key) => Reflect.get(key in watched ? watched : binding, key),
  })
  recording = true
  try {
    const results = step().map(nameOf)
    return isWhole ? { operations, constants, results } : undefined
  } finally {
    recording = false
    backend.binding = binding
  }
}
