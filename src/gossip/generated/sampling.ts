import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface SampleCall {
  runId: Uint8Array<ArrayBuffer>
  part: SampleCall.Part
  round: number
  sampled: number
  peers: string[]
  lastActive: number[]
  memberships: number[]
}

export namespace SampleCall {
  export enum Part {
    UNKNOWN = 'UNKNOWN',
    AGGREGATOR = 'AGGREGATOR',
    PARTICIPANT = 'PARTICIPANT'
  }

  enum __PartValues {
    UNKNOWN = 0,
    AGGREGATOR = 1,
    PARTICIPANT = 2
  }

  export namespace Part {
    export const codec = (): Codec<Part> => {
      return enumeration<Part>(__PartValues)
    }
  }

  let _codec: Codec<SampleCall>

  export const codec = (): Codec<SampleCall> => {
    if (_codec == null) {
      _codec = message<SampleCall>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.runId != null && obj.runId.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.runId)
        }

        if (obj.part != null && __PartValues[obj.part] !== 0) {
          w.uint32(16)
          SampleCall.Part.codec().encode(obj.part, w)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(24)
          w.uint32(obj.round)
        }

        if ((obj.sampled != null && obj.sampled !== 0)) {
          w.uint32(32)
          w.uint32(obj.sampled)
        }

        if (obj.peers != null && obj.peers.length > 0) {
          for (const value of obj.peers) {
            w.uint32(42)
            w.string(value)
          }
        }

        if (obj.lastActive != null && obj.lastActive.length > 0) {
          for (const value of obj.lastActive) {
            w.uint32(48)
            w.uint32(value)
          }
        }

        if (obj.memberships != null && obj.memberships.length > 0) {
          for (const value of obj.memberships) {
            w.uint32(56)
            w.uint32(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          runId: uint8ArrayAlloc(0),
          part: Part.UNKNOWN,
          round: 0,
          sampled: 0,
          peers: [],
          lastActive: [],
          memberships: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.runId = reader.bytes()
              break
            }
            case 2: {
              obj.part = SampleCall.Part.codec().decode(reader)
              break
            }
            case 3: {
              obj.round = reader.uint32()
              break
            }
            case 4: {
              obj.sampled = reader.uint32()
              break
            }
            case 5: {
              if (opts.limits?.peers != null && obj.peers.length === opts.limits.peers) {
                throw new MaxLengthError('Decode error - repeated field "peers" had too many elements')
              }

              obj.peers.push(reader.string())
              break
            }
            case 6: {
              if (opts.limits?.lastActive != null && obj.lastActive.length === opts.limits.lastActive) {
                throw new MaxLengthError('Decode error - repeated field "lastActive" had too many elements')
              }

              obj.lastActive.push(reader.uint32())
              break
            }
            case 7: {
              if (opts.limits?.memberships != null && obj.memberships.length === opts.limits.memberships) {
                throw new MaxLengthError('Decode error - repeated field "memberships" had too many elements')
              }

              obj.memberships.push(reader.uint32())
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
          peers: 0,
          lastActive: 0,
          memberships: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.runId`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.part`,
                value: SampleCall.Part.codec().decode(reader)
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.sampled`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              if (opts.limits?.peers != null && obj.peers === opts.limits.peers) {
                throw new MaxLengthError('Streaming decode error - repeated field "peers" had too many elements')
              }

              yield {
                field: `${prefix}.peers[]`,
                index: obj.peers,
                value: reader.string()
              }

              obj.peers++

              break
            }
            case 6: {
              if (opts.limits?.lastActive != null && obj.lastActive === opts.limits.lastActive) {
                throw new MaxLengthError('Streaming decode error - repeated field "lastActive" had too many elements')
              }

              yield {
                field: `${prefix}.lastActive[]`,
                index: obj.lastActive,
                value: reader.uint32()
              }

              obj.lastActive++

              break
            }
            case 7: {
              if (opts.limits?.memberships != null && obj.memberships === opts.limits.memberships) {
                throw new MaxLengthError('Streaming decode error - repeated field "memberships" had too many elements')
              }

              yield {
                field: `${prefix}.memberships[]`,
                index: obj.memberships,
                value: reader.uint32()
              }

              obj.memberships++

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

  export interface SampleCallRunIdFieldEvent {
    field: '$.runId'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SampleCallPartFieldEvent {
    field: '$.part'
    value: SampleCall.Part
  }

  export interface SampleCallRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface SampleCallSampledFieldEvent {
    field: '$.sampled'
    value: number
  }

  export interface SampleCallPeersFieldEvent {
    field: '$.peers[]'
    index: number
    value: string
  }

  export interface SampleCallLastActiveFieldEvent {
    field: '$.lastActive[]'
    index: number
    value: number
  }

  export interface SampleCallMembershipsFieldEvent {
    field: '$.memberships[]'
    index: number
    value: number
  }

  export function encode (obj: Partial<SampleCall>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SampleCall.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SampleCall>): SampleCall {
    return decodeMessage(buf, SampleCall.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SampleCall>): Generator<SampleCallRunIdFieldEvent | SampleCallPartFieldEvent | SampleCallRoundFieldEvent | SampleCallSampledFieldEvent | SampleCallPeersFieldEvent | SampleCallLastActiveFieldEvent | SampleCallMembershipsFieldEvent> {
    return streamMessage(buf, SampleCall.codec(), opts)
  }
}

export interface SampleAnswer {
  code: SampleAnswer.Code
  round: number
}

export namespace SampleAnswer {
  export enum Code {
    UNKNOWN = 'UNKNOWN',
    READY = 'READY',
    PAST = 'PAST',
    REFUSED = 'REFUSED'
  }

  enum __CodeValues {
    UNKNOWN = 0,
    READY = 1,
    PAST = 2,
    REFUSED = 3
  }

  export namespace Code {
    export const codec = (): Codec<Code> => {
      return enumeration<Code>(__CodeValues)
    }
  }

  let _codec: Codec<SampleAnswer>

  export const codec = (): Codec<SampleAnswer> => {
    if (_codec == null) {
      _codec = message<SampleAnswer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.code != null && __CodeValues[obj.code] !== 0) {
          w.uint32(8)
          SampleAnswer.Code.codec().encode(obj.code, w)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(16)
          w.uint32(obj.round)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: Code.UNKNOWN,
          round: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = SampleAnswer.Code.codec().decode(reader)
              break
            }
            case 2: {
              obj.round = reader.uint32()
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
                field: `${prefix}.code`,
                value: SampleAnswer.Code.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint32()
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

  export interface SampleAnswerCodeFieldEvent {
    field: '$.code'
    value: SampleAnswer.Code
  }

  export interface SampleAnswerRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export function encode (obj: Partial<SampleAnswer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SampleAnswer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SampleAnswer>): SampleAnswer {
    return decodeMessage(buf, SampleAnswer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SampleAnswer>): Generator<SampleAnswerCodeFieldEvent | SampleAnswerRoundFieldEvent> {
    return streamMessage(buf, SampleAnswer.codec(), opts)
  }
}
