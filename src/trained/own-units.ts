import type { PeerDescription } from '../disk/index.js'
import { behindInput, behindOutput, type LayerGraph, type NewLayer } from './graph.js'

/** The pixel value that is 1 to the model. */
const whitePixel = 255

/**
 * Makes a model take its inputs in the data's own units (pixels from 0 to 255, columns as in the table) and answer in
 * them: probabilities, the number itself, or pixels. It adds `Rescaling` layers, which TensorFlow.js and Keras both
 * have. Missing values are not handled: the caller must replace them by the mean.
 */
export function inOwnUnits(graph: LayerGraph, description: PeerDescription): LayerGraph {
  return behindOutput(behindInput(graph, standardising(description)), answering(description))
}

/**
 * (value − mean) / std. In two layers, so that the mean is subtracted before anything is rounded: one layer with scale
 * and offset would lose the last digits of a year, the only ones that differ.
 */
function standardising({ standardisation: { mean, std }, pixels }: PeerDescription): NewLayer[] {
  const unit = pixels ? whitePixel : 1
  return [
    rescaling('centred', 1, oneOrEach(ofEach(mean, value => -value * unit))),
    rescaling('standardised', oneOrEach(ofEach(std, value => 1 / (value * unit))), 0),
  ]
}

function answering({ objective, standardisation: { mean, std, target } }: PeerDescription): NewLayer[] {
  switch (objective.kind) {
    case 'classification':
      return [{ class_name: 'Activation', config: { name: 'probabilities', activation: 'softmax' } }]
    case 'regression':
      return [rescaling('answer', target!.std, target!.mean)]
    case 'super-resolution':
      return [
        rescaling(
          'pixels',
          oneOrEach(ofEach(std, value => value * whitePixel)),
          oneOrEach(ofEach(mean, value => value * whitePixel)),
        ),
      ]
  }
}

function rescaling(name: string, scale: number | number[], offset: number | number[]): NewLayer {
  return { class_name: 'Rescaling', config: { name, scale, offset } }
}

function ofEach(values: Float32Array, of: (value: number) => number): number[] {
  return Array.from(values, of)
}

/** One number for all channels, where theirs are equal: every implementation of Rescaling accepts that. */
function oneOrEach(values: number[]): number | number[] {
  return values.every(value => value === values[0]) ? values[0]! : values
}
