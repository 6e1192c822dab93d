import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface HeadHeader {
  runId: Uint8Array<ArrayBuffer>
  round: number
  step: number
  layoutDigest: Uint8Array<ArrayBuffer>
  payloadBytes: number
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

  export function encode (obj: Partial<HeadHeader>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HeadHeader.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadHeader>): HeadHeader {
    return decodeMessage(buf, HeadHeader.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadHeader>): Generator<HeadHeaderRunIdFieldEvent | HeadHeaderRoundFieldEvent | HeadHeaderStepFieldEvent | HeadHeaderLayoutDigestFieldEvent | HeadHeaderPayloadBytesFieldEvent> {
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

export interface Presence {
  round: number
  name: string
  samples: number
  loss?: number
  accuracy?: number
  localDistance?: number
  waiting: boolean
  from: number
  share?: number
  addresses: Uint8Array<ArrayBuffer>[]
  headDigest: Uint8Array<ArrayBuffer>
  headRound?: number
  leaving: boolean
  invite: Uint8Array<ArrayBuffer>
  sumDigest: Uint8Array<ArrayBuffer>
}

export namespace Presence {
  let _codec: Codec<Presence>

  export const codec = (): Codec<Presence> => {
    if (_codec == null) {
      _codec = message<Presence>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(8)
          w.uint32(obj.round)
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(18)
          w.string(obj.name)
        }

        if ((obj.samples != null && obj.samples !== 0)) {
          w.uint32(24)
          w.uint32(obj.samples)
        }

        if (obj.loss != null) {
          w.uint32(33)
          w.double(obj.loss)
        }

        if (obj.accuracy != null) {
          w.uint32(41)
          w.double(obj.accuracy)
        }

        if (obj.localDistance != null) {
          w.uint32(49)
          w.double(obj.localDistance)
        }

        if ((obj.waiting != null && obj.waiting !== false)) {
          w.uint32(56)
          w.bool(obj.waiting)
        }

        if ((obj.from != null && obj.from !== 0)) {
          w.uint32(64)
          w.uint32(obj.from)
        }

        if (obj.share != null) {
          w.uint32(72)
          w.uint32(obj.share)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(82)
            w.bytes(value)
          }
        }

        if ((obj.headDigest != null && obj.headDigest.byteLength > 0)) {
          w.uint32(90)
          w.bytes(obj.headDigest)
        }

        if (obj.headRound != null) {
          w.uint32(96)
          w.uint32(obj.headRound)
        }

        if ((obj.leaving != null && obj.leaving !== false)) {
          w.uint32(104)
          w.bool(obj.leaving)
        }

        if ((obj.invite != null && obj.invite.byteLength > 0)) {
          w.uint32(114)
          w.bytes(obj.invite)
        }

        if ((obj.sumDigest != null && obj.sumDigest.byteLength > 0)) {
          w.uint32(122)
          w.bytes(obj.sumDigest)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          round: 0,
          name: '',
          samples: 0,
          waiting: false,
          from: 0,
          addresses: [],
          headDigest: uint8ArrayAlloc(0),
          leaving: false,
          invite: uint8ArrayAlloc(0),
          sumDigest: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.round = reader.uint32()
              break
            }
            case 2: {
              obj.name = reader.string()
              break
            }
            case 3: {
              obj.samples = reader.uint32()
              break
            }
            case 4: {
              obj.loss = reader.double()
              break
            }
            case 5: {
              obj.accuracy = reader.double()
              break
            }
            case 6: {
              obj.localDistance = reader.double()
              break
            }
            case 7: {
              obj.waiting = reader.bool()
              break
            }
            case 8: {
              obj.from = reader.uint32()
              break
            }
            case 9: {
              obj.share = reader.uint32()
              break
            }
            case 10: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.bytes())
              break
            }
            case 11: {
              obj.headDigest = reader.bytes()
              break
            }
            case 12: {
              obj.headRound = reader.uint32()
              break
            }
            case 13: {
              obj.leaving = reader.bool()
              break
            }
            case 14: {
              obj.invite = reader.bytes()
              break
            }
            case 15: {
              obj.sumDigest = reader.bytes()
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
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.name`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.samples`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.loss`,
                value: reader.double()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.accuracy`,
                value: reader.double()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.localDistance`,
                value: reader.double()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.waiting`,
                value: reader.bool()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.from`,
                value: reader.uint32()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.share`,
                value: reader.uint32()
              }
              break
            }
            case 10: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.bytes()
              }

              obj.addresses++

              break
            }
            case 11: {
              yield {
                field: `${prefix}.headDigest`,
                value: reader.bytes()
              }
              break
            }
            case 12: {
              yield {
                field: `${prefix}.headRound`,
                value: reader.uint32()
              }
              break
            }
            case 13: {
              yield {
                field: `${prefix}.leaving`,
                value: reader.bool()
              }
              break
            }
            case 14: {
              yield {
                field: `${prefix}.invite`,
                value: reader.bytes()
              }
              break
            }
            case 15: {
              yield {
                field: `${prefix}.sumDigest`,
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

  export interface PresenceRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface PresenceNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface PresenceSamplesFieldEvent {
    field: '$.samples'
    value: number
  }

  export interface PresenceLossFieldEvent {
    field: '$.loss'
    value: number
  }

  export interface PresenceAccuracyFieldEvent {
    field: '$.accuracy'
    value: number
  }

  export interface PresenceLocalDistanceFieldEvent {
    field: '$.localDistance'
    value: number
  }

  export interface PresenceWaitingFieldEvent {
    field: '$.waiting'
    value: boolean
  }

  export interface PresenceFromFieldEvent {
    field: '$.from'
    value: number
  }

  export interface PresenceShareFieldEvent {
    field: '$.share'
    value: number
  }

  export interface PresenceAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceHeadDigestFieldEvent {
    field: '$.headDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceHeadRoundFieldEvent {
    field: '$.headRound'
    value: number
  }

  export interface PresenceLeavingFieldEvent {
    field: '$.leaving'
    value: boolean
  }

  export interface PresenceInviteFieldEvent {
    field: '$.invite'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceSumDigestFieldEvent {
    field: '$.sumDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Presence>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Presence.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Presence>): Presence {
    return decodeMessage(buf, Presence.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Presence>): Generator<PresenceRoundFieldEvent | PresenceNameFieldEvent | PresenceSamplesFieldEvent | PresenceLossFieldEvent | PresenceAccuracyFieldEvent | PresenceLocalDistanceFieldEvent | PresenceWaitingFieldEvent | PresenceFromFieldEvent | PresenceShareFieldEvent | PresenceAddressesFieldEvent | PresenceHeadDigestFieldEvent | PresenceHeadRoundFieldEvent | PresenceLeavingFieldEvent | PresenceInviteFieldEvent | PresenceSumDigestFieldEvent> {
    return streamMessage(buf, Presence.codec(), opts)
  }
}
