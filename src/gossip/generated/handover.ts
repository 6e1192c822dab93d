import { decodeMessage, encodeMessage, enumeration, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface HeadHeader {
  runId: Uint8Array<ArrayBuffer>
  round: number
  step: number
  layoutDigest: Uint8Array<ArrayBuffer>
  payloadBytes: number
  follows?: Uint8Array<ArrayBuffer>
  becomes?: Uint8Array<ArrayBuffer>
  still?: boolean
}

export namespace HeadHeader {
  let _codec: Codec<HeadHeader>

  export const codec = (): Codec<HeadHeader> => {
    if (_codec == null) {
      _codec = message<HeadHeader>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.runId != null && obj.runId.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.runId)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(16)
          w.uint32(obj.round)
        }

        if ((obj.step != null && obj.step !== 0)) {
          w.uint32(24)
          w.uint32(obj.step)
        }

        if ((obj.layoutDigest != null && obj.layoutDigest.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.layoutDigest)
        }

        if ((obj.payloadBytes != null && obj.payloadBytes !== 0)) {
          w.uint32(40)
          w.uint32(obj.payloadBytes)
        }

        if (obj.follows != null) {
          w.uint32(50)
          w.bytes(obj.follows)
        }

        if (obj.becomes != null) {
          w.uint32(58)
          w.bytes(obj.becomes)
        }

        if (obj.still != null) {
          w.uint32(64)
          w.bool(obj.still)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          runId: uint8ArrayAlloc(0),
          round: 0,
          step: 0,
          layoutDigest: uint8ArrayAlloc(0),
          payloadBytes: 0
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
              obj.round = reader.uint32()
              break
            }
            case 3: {
              obj.step = reader.uint32()
              break
            }
            case 4: {
              obj.layoutDigest = reader.bytes()
              break
            }
            case 5: {
              obj.payloadBytes = reader.uint32()
              break
            }
            case 6: {
              obj.follows = reader.bytes()
              break
            }
            case 7: {
              obj.becomes = reader.bytes()
              break
            }
            case 8: {
              obj.still = reader.bool()
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
                field: `${prefix}.runId`,
                value: reader.bytes()
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
            case 3: {
              yield {
                field: `${prefix}.step`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.layoutDigest`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.payloadBytes`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.follows`,
                value: reader.bytes()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.becomes`,
                value: reader.bytes()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.still`,
                value: reader.bool()
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

  export interface HeadHeaderRunIdFieldEvent {
    field: '$.runId'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HeadHeaderRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface HeadHeaderStepFieldEvent {
    field: '$.step'
    value: number
  }

  export interface HeadHeaderLayoutDigestFieldEvent {
    field: '$.layoutDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HeadHeaderPayloadBytesFieldEvent {
    field: '$.payloadBytes'
    value: number
  }

  export interface HeadHeaderFollowsFieldEvent {
    field: '$.follows'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HeadHeaderBecomesFieldEvent {
    field: '$.becomes'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HeadHeaderStillFieldEvent {
    field: '$.still'
    value: boolean
  }

  export function encode (obj: Partial<HeadHeader>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HeadHeader.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadHeader>): HeadHeader {
    return decodeMessage(buf, HeadHeader.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadHeader>): Generator<HeadHeaderRunIdFieldEvent | HeadHeaderRoundFieldEvent | HeadHeaderStepFieldEvent | HeadHeaderLayoutDigestFieldEvent | HeadHeaderPayloadBytesFieldEvent | HeadHeaderFollowsFieldEvent | HeadHeaderBecomesFieldEvent | HeadHeaderStillFieldEvent> {
    return streamMessage(buf, HeadHeader.codec(), opts)
  }
}

export interface HandoverReply {
  code: HandoverReply.Code
}

export namespace HandoverReply {
  export enum Code {
    UNKNOWN = 'UNKNOWN',
    CONTINUE = 'CONTINUE',
    ACCEPTED = 'ACCEPTED',
    NOT_A_NEIGHBOUR = 'NOT_A_NEIGHBOUR',
    WRONG_RUN = 'WRONG_RUN',
    STALE_ROUND = 'STALE_ROUND',
    FUTURE_ROUND = 'FUTURE_ROUND',
    DUPLICATE = 'DUPLICATE',
    WRONG_LAYOUT = 'WRONG_LAYOUT',
    WRONG_SIZE = 'WRONG_SIZE',
    OVERSIZE_FRAME = 'OVERSIZE_FRAME',
    MALFORMED = 'MALFORMED',
    NOT_FINITE = 'NOT_FINITE',
    NORM_TOO_LARGE = 'NORM_TOO_LARGE',
    TIMEOUT = 'TIMEOUT',
    CUT_OFF = 'CUT_OFF',
    TOO_MANY_STREAMS = 'TOO_MANY_STREAMS',
    TOO_MANY_ATTEMPTS = 'TOO_MANY_ATTEMPTS',
    OTHER_SUMS = 'OTHER_SUMS'
  }

  enum __CodeValues {
    UNKNOWN = 0,
    CONTINUE = 1,
    ACCEPTED = 2,
    NOT_A_NEIGHBOUR = 3,
    WRONG_RUN = 4,
    STALE_ROUND = 5,
    FUTURE_ROUND = 6,
    DUPLICATE = 7,
    WRONG_LAYOUT = 8,
    WRONG_SIZE = 9,
    OVERSIZE_FRAME = 10,
    MALFORMED = 11,
    NOT_FINITE = 12,
    NORM_TOO_LARGE = 13,
    TIMEOUT = 14,
    CUT_OFF = 15,
    TOO_MANY_STREAMS = 16,
    TOO_MANY_ATTEMPTS = 17,
    OTHER_SUMS = 18
  }

  export namespace Code {
    export const codec = (): Codec<Code> => {
      return enumeration<Code>(__CodeValues)
    }
  }

  let _codec: Codec<HandoverReply>

  export const codec = (): Codec<HandoverReply> => {
    if (_codec == null) {
      _codec = message<HandoverReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.code != null && __CodeValues[obj.code] !== 0) {
          w.uint32(8)
          HandoverReply.Code.codec().encode(obj.code, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: Code.UNKNOWN
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = HandoverReply.Code.codec().decode(reader)
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
                value: HandoverReply.Code.codec().decode(reader)
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

  export interface HandoverReplyCodeFieldEvent {
    field: '$.code'
    value: HandoverReply.Code
  }

  export function encode (obj: Partial<HandoverReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HandoverReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HandoverReply>): HandoverReply {
    return decodeMessage(buf, HandoverReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HandoverReply>): Generator<HandoverReplyCodeFieldEvent> {
    return streamMessage(buf, HandoverReply.codec(), opts)
  }
}
