import type { Binding } from './binding.js'
import { constantNode, type NodeInit, shapeAttribute, textAttribute, typeAttribute } from './nodes.js'

/** The node that says which round of the loop it is, from 0 on; only a round that is gone through has it. */
export const turn = 'turn'

/**
 * A loop of TensorFlow under construction: frames, merges and switches as in its white paper (arXiv 1603.04467, §4.4).
 * How many rounds there are is its first input, "count".
 */
export class Frame {
  readonly nodes: NodeInit[] = []
  /** Names of the graph's inputs. */
  readonly inputs: string[] = []

  constructor({ TF_INT32 }: Pick<Binding, 'TF_INT32'>) {
    const whole = (value: number) => ({ shape: [], dtype: TF_INT32, values: Int32Array.of(value) })
    this.input('count', TF_INT32, [])
    this.nodes.push(constantNode('first', whole(0)), constantNode('one', whole(1), turn))
    this.carry('first', TF_INT32, 'turn-after', turn)
    this.operation('turn-after', 'AddV2', [turn, 'one'], TF_INT32)
    this.operation('is-less', 'Less', ['first/merge', this.enter('count', TF_INT32)], TF_INT32)
    this.nodes.push({ name: 'goes-on', op: 'LoopCond', inputs: ['is-less'] })
  }

  /** @param shape - -1 for a length that may be any */
  input(name: string, type: number, shape: readonly number[]): void {
    const attributes = { dtype: typeAttribute(type), shape: shapeAttribute(shape) }
    this.nodes.push({ name, op: 'Placeholder', attributes })
    this.inputs.push(name)
  }

  /** Brings in what is the same in every round. @returns the node inside */
  enter(name: string, type: number): string {
    return this.entry(name, type, true)
  }

  /**
   * Brings in what every round hands on to the next.
   *
   * @param next - the node inside that the next round gets
   * @param now - the name of the node inside with what this round has got
   * @returns that name
   */
  carry(name: string, type: number, next: string, now = `${name}/now`): string {
    this.operation(`${name}/merge`, 'Merge', [this.entry(name, type, false), `${name}/next`], type, { N: { i: 2 } })
    this.operation(`${name}/switch`, 'Switch', [`${name}/merge`, 'goes-on'], type)
    this.operation(this.exit(name), 'Exit', [`${name}/switch`], type)
    this.operation(now, 'Identity', [`${name}/switch:1`], type)
    this.operation(`${name}/next`, 'NextIteration', [next], type)
    return now
  }

  /** The node outside with what the last round has handed on. */
  exit(name: string): string {
    return `${name}/exit`
  }

  /** An operation on numbers of one type. */
  operation(
    name: string,
    op: string,
    inputs: readonly string[],
    type: number,
    attributes: NonNullable<NodeInit['attributes']> = {},
  ): void {
    this.nodes.push({ name, op, inputs, attributes: { T: typeAttribute(type), ...attributes } })
  }

  private entry(name: string, type: number, isConstant: boolean): string {
    const entered = `${name}/enter`
    this.operation(entered, 'Enter', [name], type, {
      frame_name: textAttribute('steps'),
      is_constant: { b: isConstant },
      // What a round computes lies in the memory of the one before.
      parallel_iterations: { i: 1 },
    })
    return entered
  }
}
