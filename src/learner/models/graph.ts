import { groupNorm, type LayerDescription } from './describe.js'

/** A functional model in the making: layers, and what each takes its inputs from. */
export class Graph {
  private readonly layers: object[] = []

  add({ class_name, config }: LayerDescription, ...from: string[]): string {
    const name = config.name as string
    const inbound = from.length === 0 ? [] : [from.map(source => [source, 0, 0, {}])]
    this.layers.push({ class_name, name, config, inbound_nodes: inbound })
    return name
  }

  normed(conv: string, convolution: LayerDescription, norm: string, groups: number, from: string): string {
    this.add(convolution, from)
    return this.add(groupNorm(norm, groups), conv)
  }

  rectified(name: string, from: string): string {
    return this.add({ class_name: 'Activation', config: { name, activation: 'relu' } }, from)
  }

  model(from: string, to: string): LayerDescription {
    return {
      class_name: 'Functional',
      config: { name: 'model', layers: this.layers, input_layers: [[from, 0, 0]], output_layers: [[to, 0, 0]] },
    }
  }
}
