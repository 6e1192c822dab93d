import type { Binding } from './binding.js'
import { Frame, turn } from './frame.js'
import { attributeOf, constantNode, type NodeInit, savedModel, typeAttribute } from './nodes.js'
import { constantName, givenName, type Operation, operationName, type Recording } from './recording.js'

/** What a step is given, in this order: its state, its number in the loop, and what all steps are fed from. */
export interface StepShapes {
  /** What one step leaves to the next, float32. Its results are these again, and then its figures. */
  readonly state: readonly (readonly number[])[]
  /** The first length may be any; int32 or float32. */
  readonly feeds: readonly { readonly shape: readonly number[]; readonly isWhole: boolean }[]
  /** Summed up over the steps, float32. */
  readonly figures: readonly (readonly number[])[]
}

/** A graph that takes as many steps as it is told. */
export interface Loop {
  /** The file that the library loads. */
  readonly file: Uint8Array
  /** How many steps, the state, sums so far, feeds, and the step's float32 constants. */
  readonly inputs: readonly string[]
  /** Places in the state of what steps change; its new tensors are the outputs, and then the sums. */
  readonly changed: readonly number[]
  readonly outputs: readonly string[]
}

/**
 * A recorded step as a loop. Numbers that a step makes by itself are inputs, since a learning rate changes from round to
 * round; whole numbers and truth values, which are shapes and axes, are part of the graph.
 *
 * @throws RangeError for an operation that cannot be written down
 */
export function loopOf(binding: Binding, { operations, constants, results }: Recording, shapes: StepShapes): Loop {
  const { TF_FLOAT: float, TF_INT32: integer } = binding
  const { state, feeds, figures } = shapes
  const frame = new Frame(binding)
  /** By the recording's name, the node inside the loop; operations have the same. */
  const inside = new Map([[givenName(state.length), turn]])
  const source = (name: string): string => inside.get(name) ?? name

  const sums = figures.map((_, place) => `sum${place}`)
  for (const [place, shape] of state.entries()) frame.input(givenName(place), float, shape)
  for (const [place, shape] of figures.entries()) frame.input(sums[place]!, float, shape)
  for (const [place, { shape, isWhole }] of feeds.entries()) {
    const name = givenName(state.length + 1 + place)
    const type = isWhole ? integer : float
    frame.input(name, type, [-1, ...shape.slice(1)])
    inside.set(name, frame.enter(name, type))
  }
  for (const [place, constant] of constants.entries()) {
    const name = constantName(place)
    if (constant.dtype !== float) frame.nodes.push(constantNode(name, constant, turn))
    else {
      frame.input(name, float, constant.shape)
      inside.set(name, frame.enter(name, float))
    }
  }

  const changed = [...state.keys()].filter(place => results[place] !== givenName(place))
  for (const place of state.keys()) {
    const name = givenName(place)
    inside.set(name, changed.includes(place) ? `${name}/now` : frame.enter(name, float))
  }
  for (const place of changed) frame.carry(givenName(place), float, source(results[place]!))
  for (const [place, sum] of sums.entries()) {
    const now = frame.carry(sum, float, `${sum}/after`)
    frame.operation(`${sum}/after`, 'AddV2', [now, source(results[state.length + place]!)], float)
  }
  for (const [place, operation] of operations.entries()) {
    frame.nodes.push(nodeOf(binding, operationName(place), operation, source))
  }
  const outputs = [...changed.map(givenName), ...sums].map(name => frame.exit(name))
  return { file: savedModel(frame.nodes), inputs: frame.inputs, changed, outputs }
}

/** Asked for one by one, operations are told some types by their inputs; in a graph each type must be there. */
const untold: Readonly<Record<string, string>> = { ExpandDims: 'T' }

function nodeOf(
  binding: Binding,
  name: string,
  { name: op, settings, inputs, dtype = binding.TF_FLOAT }: Operation,
  source: (name: string) => string,
): NodeInit {
  const attributes = Object.fromEntries(settings.map(setting => [setting.name, attributeOf(binding, setting)]))
  const missing = untold[op]
  if (missing !== undefined) attributes[missing] ??= typeAttribute(dtype)
  // An operation without inputs would take part in no round.
  return { name, op, inputs: inputs.length === 0 ? [`^${turn}`] : inputs.map(source), attributes }
}
