import type { BuiltInSpec } from '../spec.js'
import {
  classifier,
  convolutionForNorm,
  flatten,
  groupNorm,
  input,
  type LayerDescription,
  maxPool,
} from './describe.js'

/** Configuration A of arXiv 1409.1556: the filters of each stage's convolutions, in widths; a pooling ends every stage. */
const stages = [[1], [2], [4, 4], [8, 8], [8, 8]]

/**
 * VGG-11 with group normalisation and one linear classifier (ALGORITHMS.md 4.1). 9,228,362 parameters for 10 classes of
 * colour images of 32×32. Five poolings would leave nothing of 28×28; an odd side is rounded up, so both sizes end in
 * one place, with 512 channels of the usual width.
 */
export function vgg11(
  inputShape: readonly number[],
  classes: number,
  { width, groups, features }: Extract<BuiltInSpec, { kind: 'vgg11' }>,
): LayerDescription {
  const body = stages.flatMap((widths, i) => [
    ...widths.flatMap((count, j) => {
      const name = `stage${i + 1}.conv${j + 1}`
      return [
        convolutionForNorm(name, count * width, 3, 1),
        groupNorm(`stage${i + 1}.norm${j + 1}`, groups),
        { class_name: 'Activation', config: { name: `stage${i + 1}.relu${j + 1}`, activation: 'relu' } },
      ]
    }),
    maxPool(`stage${i + 1}.pool`, 'same'),
  ])
  const layers = [input(inputShape), ...body, flatten, ...classifier(classes, features)]
  return { class_name: 'Sequential', config: { name: 'model', layers } }
}
