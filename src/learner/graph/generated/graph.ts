import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface SavedModel {
  schemaVersion: number
  metaGraph: Uint8Array<ArrayBuffer>
}

export namespace SavedModel {
  let _codec: Codec<SavedModel>

  export const codec = (): Codec<SavedModel> => {
    if (_codec == null) {
      _codec = message<SavedModel>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.schemaVersion != null && obj.schemaVersion !== 0)) {
          w.uint32(8)
          w.int32(obj.schemaVersion)
        }

        if ((obj.metaGraph != null && obj.metaGraph.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.metaGraph)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          schemaVersion: 0,
          metaGraph: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.schemaVersion = reader.int32()
              break
            }
            case 2: {
              obj.metaGraph = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.schemaVersion`,
                value: reader.int32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.metaGraph`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface SavedModelSchemaVersionFieldEvent {
    field: '$.schemaVersion'
    value: number
  }

  export interface SavedModelMetaGraphFieldEvent {
    field: '$.metaGraph'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<SavedModel>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SavedModel.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SavedModel>): SavedModel {
    return decodeMessage(buf, SavedModel.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SavedModel>): Generator<SavedModelSchemaVersionFieldEvent | SavedModelMetaGraphFieldEvent> {
    return streamMessage(buf, SavedModel.codec(), opts)
  }
}

export interface MetaGraph {
  info: Uint8Array<ArrayBuffer>
  graph: Uint8Array<ArrayBuffer>
}

export namespace MetaGraph {
  let _codec: Codec<MetaGraph>

  export const codec = (): Codec<MetaGraph> => {
    if (_codec == null) {
      _codec = message<MetaGraph>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.info != null && obj.info.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.info)
        }

        if ((obj.graph != null && obj.graph.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.graph)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          info: uint8ArrayAlloc(0),
          graph: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.info = reader.bytes()
              break
            }
            case 2: {
              obj.graph = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.info`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.graph`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface MetaGraphInfoFieldEvent {
    field: '$.info'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MetaGraphGraphFieldEvent {
    field: '$.graph'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<MetaGraph>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, MetaGraph.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MetaGraph>): MetaGraph {
    return decodeMessage(buf, MetaGraph.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MetaGraph>): Generator<MetaGraphInfoFieldEvent | MetaGraphGraphFieldEvent> {
    return streamMessage(buf, MetaGraph.codec(), opts)
  }
}

export interface MetaInfo {
  tag: string
}

export namespace MetaInfo {
  let _codec: Codec<MetaInfo>

  export const codec = (): Codec<MetaInfo> => {
    if (_codec == null) {
      _codec = message<MetaInfo>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.tag != null && obj.tag !== '')) {
          w.uint32(34)
          w.string(obj.tag)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          tag: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 4: {
              obj.tag = reader.string()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 4: {
              yield {
                field: `${prefix}.tag`,
                value: reader.string()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface MetaInfoTagFieldEvent {
    field: '$.tag'
    value: string
  }

  export function encode (obj: Partial<MetaInfo>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, MetaInfo.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MetaInfo>): MetaInfo {
    return decodeMessage(buf, MetaInfo.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MetaInfo>): Generator<MetaInfoTagFieldEvent> {
    return streamMessage(buf, MetaInfo.codec(), opts)
  }
}

export interface Graph {
  node: Uint8Array<ArrayBuffer>[]
  versions: Uint8Array<ArrayBuffer>
}

export namespace Graph {
  let _codec: Codec<Graph>

  export const codec = (): Codec<Graph> => {
    if (_codec == null) {
      _codec = message<Graph>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.node != null && obj.node.length > 0) {
          for (const value of obj.node) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if ((obj.versions != null && obj.versions.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.versions)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          node: [],
          versions: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.node != null && obj.node.length === opts.limits.node) {
                throw new MaxLengthError('Decode error - repeated field "node" had too many elements')
              }

              obj.node.push(reader.bytes())
              break
            }
            case 4: {
              obj.versions = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          node: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.node != null && obj.node === opts.limits.node) {
                throw new MaxLengthError('Streaming decode error - repeated field "node" had too many elements')
              }

              yield {
                field: `${prefix}.node[]`,
                index: obj.node,
                value: reader.bytes()
              }

              obj.node++

              break
            }
            case 4: {
              yield {
                field: `${prefix}.versions`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface GraphNodeFieldEvent {
    field: '$.node[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface GraphVersionsFieldEvent {
    field: '$.versions'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Graph>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Graph.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Graph>): Graph {
    return decodeMessage(buf, Graph.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Graph>): Generator<GraphNodeFieldEvent | GraphVersionsFieldEvent> {
    return streamMessage(buf, Graph.codec(), opts)
  }
}

export interface Versions {
  producer: number
}

export namespace Versions {
  let _codec: Codec<Versions>

  export const codec = (): Codec<Versions> => {
    if (_codec == null) {
      _codec = message<Versions>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.producer != null && obj.producer !== 0)) {
          w.uint32(8)
          w.int32(obj.producer)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          producer: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.producer = reader.int32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.producer`,
                value: reader.int32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface VersionsProducerFieldEvent {
    field: '$.producer'
    value: number
  }

  export function encode (obj: Partial<Versions>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Versions.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Versions>): Versions {
    return decodeMessage(buf, Versions.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Versions>): Generator<VersionsProducerFieldEvent> {
    return streamMessage(buf, Versions.codec(), opts)
  }
}

export interface Node {
  name: string
  op: string
  input: string[]
  attr: Uint8Array<ArrayBuffer>[]
}

export namespace Node {
  let _codec: Codec<Node>

  export const codec = (): Codec<Node> => {
    if (_codec == null) {
      _codec = message<Node>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
        }

        if ((obj.op != null && obj.op !== '')) {
          w.uint32(18)
          w.string(obj.op)
        }

        if (obj.input != null && obj.input.length > 0) {
          for (const value of obj.input) {
            w.uint32(26)
            w.string(value)
          }
        }

        if (obj.attr != null && obj.attr.length > 0) {
          for (const value of obj.attr) {
            w.uint32(42)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          name: '',
          op: '',
          input: [],
          attr: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.name = reader.string()
              break
            }
            case 2: {
              obj.op = reader.string()
              break
            }
            case 3: {
              if (opts.limits?.input != null && obj.input.length === opts.limits.input) {
                throw new MaxLengthError('Decode error - repeated field "input" had too many elements')
              }

              obj.input.push(reader.string())
              break
            }
            case 5: {
              if (opts.limits?.attr != null && obj.attr.length === opts.limits.attr) {
                throw new MaxLengthError('Decode error - repeated field "attr" had too many elements')
              }

              obj.attr.push(reader.bytes())
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          input: 0,
          attr: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.name`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.op`,
                value: reader.string()
              }
              break
            }
            case 3: {
              if (opts.limits?.input != null && obj.input === opts.limits.input) {
                throw new MaxLengthError('Streaming decode error - repeated field "input" had too many elements')
              }

              yield {
                field: `${prefix}.input[]`,
                index: obj.input,
                value: reader.string()
              }

              obj.input++

              break
            }
            case 5: {
              if (opts.limits?.attr != null && obj.attr === opts.limits.attr) {
                throw new MaxLengthError('Streaming decode error - repeated field "attr" had too many elements')
              }

              yield {
                field: `${prefix}.attr[]`,
                index: obj.attr,
                value: reader.bytes()
              }

              obj.attr++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface NodeNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface NodeOpFieldEvent {
    field: '$.op'
    value: string
  }

  export interface NodeInputFieldEvent {
    field: '$.input[]'
    index: number
    value: string
  }

  export interface NodeAttrFieldEvent {
    field: '$.attr[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Node>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Node.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Node>): Node {
    return decodeMessage(buf, Node.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Node>): Generator<NodeNameFieldEvent | NodeOpFieldEvent | NodeInputFieldEvent | NodeAttrFieldEvent> {
    return streamMessage(buf, Node.codec(), opts)
  }
}

export interface AttrEntry {
  key: string
  value: Uint8Array<ArrayBuffer>
}

export namespace AttrEntry {
  let _codec: Codec<AttrEntry>

  export const codec = (): Codec<AttrEntry> => {
    if (_codec == null) {
      _codec = message<AttrEntry>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.key != null && obj.key !== '')) {
          w.uint32(10)
          w.string(obj.key)
        }

        if ((obj.value != null && obj.value.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.value)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          key: '',
          value: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.key = reader.string()
              break
            }
            case 2: {
              obj.value = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.key`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.value`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface AttrEntryKeyFieldEvent {
    field: '$.key'
    value: string
  }

  export interface AttrEntryValueFieldEvent {
    field: '$.value'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<AttrEntry>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AttrEntry.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttrEntry>): AttrEntry {
    return decodeMessage(buf, AttrEntry.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttrEntry>): Generator<AttrEntryKeyFieldEvent | AttrEntryValueFieldEvent> {
    return streamMessage(buf, AttrEntry.codec(), opts)
  }
}

export interface AttrValue {
  list?: Uint8Array<ArrayBuffer>
  s?: Uint8Array<ArrayBuffer>
  i?: number
  f?: number
  b?: boolean
  type?: number
  shape?: Uint8Array<ArrayBuffer>
  tensor?: Uint8Array<ArrayBuffer>
}

export namespace AttrValue {
  let _codec: Codec<AttrValue>

  export const codec = (): Codec<AttrValue> => {
    if (_codec == null) {
      _codec = message<AttrValue>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.list != null) {
          w.uint32(10)
          w.bytes(obj.list)
        }

        if (obj.s != null) {
          w.uint32(18)
          w.bytes(obj.s)
        }

        if (obj.i != null) {
          w.uint32(24)
          w.int64Number(obj.i)
        }

        if (obj.f != null) {
          w.uint32(37)
          w.float(obj.f)
        }

        if (obj.b != null) {
          w.uint32(40)
          w.bool(obj.b)
        }

        if (obj.type != null) {
          w.uint32(48)
          w.int32(obj.type)
        }

        if (obj.shape != null) {
          w.uint32(58)
          w.bytes(obj.shape)
        }

        if (obj.tensor != null) {
          w.uint32(66)
          w.bytes(obj.tensor)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {}

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.list = reader.bytes()
              break
            }
            case 2: {
              obj.s = reader.bytes()
              break
            }
            case 3: {
              obj.i = reader.int64Number()
              break
            }
            case 4: {
              obj.f = reader.float()
              break
            }
            case 5: {
              obj.b = reader.bool()
              break
            }
            case 6: {
              obj.type = reader.int32()
              break
            }
            case 7: {
              obj.shape = reader.bytes()
              break
            }
            case 8: {
              obj.tensor = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.list`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.s`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.i`,
                value: reader.int64Number()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.f`,
                value: reader.float()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.b`,
                value: reader.bool()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.type`,
                value: reader.int32()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.shape`,
                value: reader.bytes()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.tensor`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface AttrValueListFieldEvent {
    field: '$.list'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AttrValueSFieldEvent {
    field: '$.s'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AttrValueIFieldEvent {
    field: '$.i'
    value: number
  }

  export interface AttrValueFFieldEvent {
    field: '$.f'
    value: number
  }

  export interface AttrValueBFieldEvent {
    field: '$.b'
    value: boolean
  }

  export interface AttrValueTypeFieldEvent {
    field: '$.type'
    value: number
  }

  export interface AttrValueShapeFieldEvent {
    field: '$.shape'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AttrValueTensorFieldEvent {
    field: '$.tensor'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<AttrValue>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AttrValue.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttrValue>): AttrValue {
    return decodeMessage(buf, AttrValue.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttrValue>): Generator<AttrValueListFieldEvent | AttrValueSFieldEvent | AttrValueIFieldEvent | AttrValueFFieldEvent | AttrValueBFieldEvent | AttrValueTypeFieldEvent | AttrValueShapeFieldEvent | AttrValueTensorFieldEvent> {
    return streamMessage(buf, AttrValue.codec(), opts)
  }
}

export interface AttrList {
  i: number[]
}

export namespace AttrList {
  let _codec: Codec<AttrList>

  export const codec = (): Codec<AttrList> => {
    if (_codec == null) {
      _codec = message<AttrList>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.i != null && obj.i.length > 0) {
          for (const value of obj.i) {
            w.uint32(24)
            w.int64Number(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          i: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 3: {
              if (opts.limits?.i != null && obj.i.length === opts.limits.i) {
                throw new MaxLengthError('Decode error - repeated field "i" had too many elements')
              }

              obj.i.push(reader.int64Number())
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          i: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 3: {
              if (opts.limits?.i != null && obj.i === opts.limits.i) {
                throw new MaxLengthError('Streaming decode error - repeated field "i" had too many elements')
              }

              yield {
                field: `${prefix}.i[]`,
                index: obj.i,
                value: reader.int64Number()
              }

              obj.i++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface AttrListIFieldEvent {
    field: '$.i[]'
    index: number
    value: number
  }

  export function encode (obj: Partial<AttrList>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AttrList.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttrList>): AttrList {
    return decodeMessage(buf, AttrList.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttrList>): Generator<AttrListIFieldEvent> {
    return streamMessage(buf, AttrList.codec(), opts)
  }
}

export interface Shape {
  dim: Uint8Array<ArrayBuffer>[]
}

export namespace Shape {
  let _codec: Codec<Shape>

  export const codec = (): Codec<Shape> => {
    if (_codec == null) {
      _codec = message<Shape>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.dim != null && obj.dim.length > 0) {
          for (const value of obj.dim) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          dim: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 2: {
              if (opts.limits?.dim != null && obj.dim.length === opts.limits.dim) {
                throw new MaxLengthError('Decode error - repeated field "dim" had too many elements')
              }

              obj.dim.push(reader.bytes())
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          dim: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 2: {
              if (opts.limits?.dim != null && obj.dim === opts.limits.dim) {
                throw new MaxLengthError('Streaming decode error - repeated field "dim" had too many elements')
              }

              yield {
                field: `${prefix}.dim[]`,
                index: obj.dim,
                value: reader.bytes()
              }

              obj.dim++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface ShapeDimFieldEvent {
    field: '$.dim[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Shape>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Shape.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Shape>): Shape {
    return decodeMessage(buf, Shape.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Shape>): Generator<ShapeDimFieldEvent> {
    return streamMessage(buf, Shape.codec(), opts)
  }
}

export interface Dim {
  size: bigint
}

export namespace Dim {
  let _codec: Codec<Dim>

  export const codec = (): Codec<Dim> => {
    if (_codec == null) {
      _codec = message<Dim>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.size != null && obj.size !== 0n)) {
          w.uint32(8)
          w.int64(obj.size)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          size: 0n
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.size = reader.int64()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.size`,
                value: reader.int64()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface DimSizeFieldEvent {
    field: '$.size'
    value: bigint
  }

  export function encode (obj: Partial<Dim>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Dim.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Dim>): Dim {
    return decodeMessage(buf, Dim.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Dim>): Generator<DimSizeFieldEvent> {
    return streamMessage(buf, Dim.codec(), opts)
  }
}

export interface Constant {
  dtype: number
  shape: Uint8Array<ArrayBuffer>
  content: Uint8Array<ArrayBuffer>
}

export namespace Constant {
  let _codec: Codec<Constant>

  export const codec = (): Codec<Constant> => {
    if (_codec == null) {
      _codec = message<Constant>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.dtype != null && obj.dtype !== 0)) {
          w.uint32(8)
          w.int32(obj.dtype)
        }

        if ((obj.shape != null && obj.shape.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.shape)
        }

        if ((obj.content != null && obj.content.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.content)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          dtype: 0,
          shape: uint8ArrayAlloc(0),
          content: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.dtype = reader.int32()
              break
            }
            case 2: {
              obj.shape = reader.bytes()
              break
            }
            case 4: {
              obj.content = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.dtype`,
                value: reader.int32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.shape`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.content`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface ConstantDtypeFieldEvent {
    field: '$.dtype'
    value: number
  }

  export interface ConstantShapeFieldEvent {
    field: '$.shape'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ConstantContentFieldEvent {
    field: '$.content'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Constant>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Constant.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Constant>): Constant {
    return decodeMessage(buf, Constant.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Constant>): Generator<ConstantDtypeFieldEvent | ConstantShapeFieldEvent | ConstantContentFieldEvent> {
    return streamMessage(buf, Constant.codec(), opts)
  }
}
