import * as z from 'zod'

const layerSchema = z.looseObject({
  class_name: z.string().max(200),
  config: z.looseObject({ name: z.string().min(1).max(200).optional() }),
})
/** How Keras and TensorFlow.js write down the layers of a model. */
export const topologySchema = z.looseObject({
  class_name: z.enum(['Sequential', 'Functional', 'Model']),
  // Old Sequential files hold the list of layers itself.
  config: z.union([z.array(layerSchema), z.looseObject({ layers: z.array(layerSchema) })]),
})

/** A model's topology, checked and free of a softmax at its end. */
export type ModelTopology = z.output<typeof topologySchema>
/** One of its layers. */
export type Layer = z.output<typeof layerSchema>
