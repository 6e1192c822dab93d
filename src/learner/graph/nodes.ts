import type { Binding, Setting } from './binding.js'
import {
  AttrEntry,
  AttrList,
  AttrValue,
  Constant,
  Dim,
  Graph,
  MetaGraph,
  MetaInfo,
  Node,
  SavedModel,
  Shape,
  Versions,
} from './generated/graph.js'
import type { Constant as RecordedConstant } from './recording.js'

/** A node of a graph before it is written. */
export interface NodeInit {
  readonly name: string
  readonly op: string
  /** Names of nodes, with the number of the output where it is not the first; "^name" only waits for the node. */
  readonly inputs?: readonly string[]
  readonly attributes?: Readonly<Record<string, AttrValue>>
}

/** The format's version, which counts days: it only tells the library which operations were obsolete by then. */
const producer = 1000
/** Under which the model is saved. */
export const savedTag = 'step'

export const typeAttribute = (type: number): AttrValue => ({ type })
export const shapeAttribute = (shape: readonly number[]): AttrValue => ({ shape: encodeShape(shape) })
export const textAttribute = (text: string): AttrValue => ({ s: Uint8Array.from(Buffer.from(text)) })

/** A constant's node. @param after - the node that it waits for, so that it belongs to a round of a loop */
export function constantNode(name: string, { shape, dtype, values }: RecordedConstant, after?: string): NodeInit {
  const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()
  const tensor = Constant.encode({ dtype, shape: encodeShape(shape), content })
  const inputs = after === undefined ? [] : [`^${after}`]
  return { name, op: 'Const', inputs, attributes: { dtype: typeAttribute(dtype), value: { tensor } } }
}

/** @throws RangeError for a setting of a kind that no operation of a step has */
export function attributeOf(binding: Binding, { name, type, value }: Setting): AttrValue {
  if (type === binding.TF_ATTR_INT && Array.isArray(value)) return { list: AttrList.encode({ i: value as number[] }) }
  if (type === binding.TF_ATTR_SHAPE) return shapeAttribute(value as number[])
  if (!Array.isArray(value)) {
    if (type === binding.TF_ATTR_INT) return { i: value as number }
    if (type === binding.TF_ATTR_FLOAT) return { f: value as number }
    if (type === binding.TF_ATTR_BOOL) return { b: value as boolean }
    if (type === binding.TF_ATTR_TYPE) return { type: value as number }
    if (type === binding.TF_ATTR_STRING) return textAttribute(value as string)
  }
  throw new RangeError(`setting ${name} of kind ${type}`)
}

/** Nodes as the file that the library loads, saved_model.pb. */
export function savedModel(nodes: readonly NodeInit[]): Uint8Array {
  const node = nodes.map(({ name, op, inputs = [], attributes = {} }) =>
    Node.encode({
      name,
      op,
      input: [...inputs],
      attr: Object.entries(attributes).map(([key, value]) => AttrEntry.encode({ key, value: AttrValue.encode(value) })),
    }),
  )
  const graph = Graph.encode({ node, versions: Versions.encode({ producer }) })
  const metaGraph = MetaGraph.encode({ info: MetaInfo.encode({ tag: savedTag }), graph })
  return SavedModel.encode({ schemaVersion: 1, metaGraph })
}

function encodeShape(shape: readonly number[]): Uint8Array<ArrayBuffer> {
  return Shape.encode({ dim: shape.map(size => Dim.encode({ size: BigInt(size) })) })
}
