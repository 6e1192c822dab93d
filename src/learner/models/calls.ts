import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import type { Layer, ModelTopology } from './model-topology.js'

/*
 * On what the layers of a functional model are called.
 */

/** A layer shared by many branches has a call for each. */
const callLimit = 4000

/** Allowed layers put one tensor out, so the number of the tensor means nothing. */
const tensorSchema = z.tuple([z.string(), z.int().nonnegative(), z.literal(0)]).rest(z.unknown())
const callsSchema = z.array(z.array(tensorSchema).min(1))

/**
 * Checks that the layers can be called one after another, each on what the ones before have put out. TensorFlow.js (4.22)
 * waits without end for a tensor that never comes, and descriptions come from peers too.
 *
 * @throws {@link HearsayError} `MODEL` where calls lead in a circle, or to a layer or a call that is not there
 */
export function checkCalls({ class_name, config }: ModelTopology, source: string): void {
  if (class_name === 'Sequential' || Array.isArray(config)) return
  const refuse = (what: string): never => {
    throw new HearsayError('MODEL', what, { source })
  }
  const made = new Map<string, number>()
  let waiting = config.layers.flatMap(layer => {
    const name = nameOf(layer)
    if (name === undefined || made.has(name)) {
      return refuse(`layer "${name ?? layer.class_name}" must have a name of its own; save the model again with Keras`)
    }
    // TensorFlow.js goes by both places where Keras writes it.
    layer.name = name
    // An input is there without a call.
    made.set(name, layer.class_name === 'InputLayer' ? 1 : 0)
    const calls = callsSchema.safeParse(layer.inbound_nodes ?? [])
    if (!calls.success)
      return refuse(`layer "${name}": its inbound_nodes are malformed; save the model again with Keras`)
    return calls.data.map(tensors => ({ name, tensors }))
  })
  if (waiting.length > callLimit) refuse(`its layers are called ${waiting.length} times; at most ${callLimit} are read`)
  while (waiting.length > 0) {
    const before = waiting.length
    waiting = waiting.filter(({ name, tensors }) => {
      if (!tensors.every(([layer, call]) => call < (made.get(layer) ?? 0))) return true
      made.set(name, made.get(name)! + 1)
      return false
    })
    if (waiting.length < before) continue
    refuse(`layer "${waiting[0]!.name}" is called on what no layer before it puts out; save the model again with Keras`)
  }
}

function nameOf({ name, config }: Layer): string | undefined {
  return name === undefined || name === config.name ? config.name : undefined
}
