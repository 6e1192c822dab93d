import type { BuiltInSpec } from '../spec.js'
import { classifier, convolutionForNorm, input, type LayerDescription } from './describe.js'
import { Graph } from './graph.js'

/** Channels of the four stages, in widths; each but the first halves height and width. */
const stages = [1, 2, 4, 8]
const blocksOfStage = 2

/**
 * ResNet-18 as the federated-learning papers use it for CIFAR (ALGORITHMS.md 4.1; arXiv 1512.03385 with the norms of
 * arXiv 1803.08494): a 3×3 stem with stride 1 and no pooling behind it, every batch norm replaced by group norm, global
 * average pooling and one linear classifier. 11,173,962 parameters for 10 classes of colour images.
 *
 * Layers are called "stage2.block1.conv1"; where a stage changes the shape its first block has a "shortcut".
 */
export function resnet18(
  inputShape: readonly number[],
  classes: number,
  { width, groups, features }: Extract<BuiltInSpec, { kind: 'resnet18' }>,
): LayerDescription {
  const graph = new Graph()
  graph.add(input(inputShape))
  let from = graph.normed('stem.conv', convolutionForNorm('stem.conv', width, 3, 1), 'stem.norm', groups, 'input')
  from = graph.rectified('stem.relu', from)
  for (const [i, widths] of stages.entries()) {
    const channels = widths * width
    for (let b = 0; b < blocksOfStage; b++) {
      const stride = i > 0 && b === 0 ? 2 : 1
      from = block(graph, `stage${i + 1}.block${b + 1}`, { channels, stride, groups, from })
    }
  }
  from = graph.add({ class_name: 'GlobalAveragePooling2D', config: { name: 'pool' } }, from)
  for (const layer of classifier(classes, features)) from = graph.add(layer, from)
  return graph.model('input', from)
}

interface Block {
  readonly channels: number
  readonly stride: number
  readonly groups: number
  /** The layer that the block takes its input from. */
  readonly from: string
}

/** Two 3×3 convolutions and the way past them; returns the name of the block's last layer. */
function block(graph: Graph, name: string, { channels, stride, groups, from }: Block): string {
  const convolve = (part: string, size: number, step: number, source: string): string =>
    graph.normed(
      `${name}.${part}`,
      convolutionForNorm(`${name}.${part}`, channels, size, step),
      `${name}.${part.replace('conv', 'norm')}${part === 'shortcut' ? '.norm' : ''}`,
      groups,
      source,
    )
  const first = graph.rectified(`${name}.relu1`, convolve('conv1', 3, stride, from))
  const second = convolve('conv2', 3, 1, first)
  const past = stride > 1 ? convolve('shortcut', 1, stride, from) : from
  graph.add({ class_name: 'Add', config: { name: `${name}.add` } }, second, past)
  return graph.rectified(`${name}.relu2`, `${name}.add`)
}
