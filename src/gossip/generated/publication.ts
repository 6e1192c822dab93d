import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface PublishedHead {
  round: number
  layoutDigest: Uint8Array<ArrayBuffer>
  numbers: Uint8Array<ArrayBuffer>
  digest: Uint8Array<ArrayBuffer>
  invite: Uint8Array<ArrayBuffer>
  sumDigest: Uint8Array<ArrayBuffer>
}

export namespace PublishedHead {
  let _codec: Codec<PublishedHead>

  export const codec = (): Codec<PublishedHead> => {
    if (_codec == null) {
      _codec = message<PublishedHead>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(8)
          w.uint32(obj.round)
        }

        if ((obj.layoutDigest != null && obj.layoutDigest.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.layoutDigest)
        }

        if ((obj.numbers != null && obj.numbers.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.numbers)
        }

        if ((obj.digest != null && obj.digest.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.digest)
        }

        if ((obj.invite != null && obj.invite.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.invite)
        }

        if ((obj.sumDigest != null && obj.sumDigest.byteLength > 0)) {
          w.uint32(50)
          w.bytes(obj.sumDigest)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          round: 0,
          layoutDigest: uint8ArrayAlloc(0),
          numbers: uint8ArrayAlloc(0),
          digest: uint8ArrayAlloc(0),
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
              obj.layoutDigest = reader.bytes()
              break
            }
            case 3: {
              obj.numbers = reader.bytes()
              break
            }
            case 4: {
              obj.digest = reader.bytes()
              break
            }
            case 5: {
              obj.invite = reader.bytes()
              break
            }
            case 6: {
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
                field: `${prefix}.layoutDigest`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.numbers`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.digest`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.invite`,
                value: reader.bytes()
              }
              break
            }
            case 6: {
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

  export interface PublishedHeadRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface PublishedHeadLayoutDigestFieldEvent {
    field: '$.layoutDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PublishedHeadNumbersFieldEvent {
    field: '$.numbers'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PublishedHeadDigestFieldEvent {
    field: '$.digest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PublishedHeadInviteFieldEvent {
    field: '$.invite'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PublishedHeadSumDigestFieldEvent {
    field: '$.sumDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<PublishedHead>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, PublishedHead.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PublishedHead>): PublishedHead {
    return decodeMessage(buf, PublishedHead.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PublishedHead>): Generator<PublishedHeadRoundFieldEvent | PublishedHeadLayoutDigestFieldEvent | PublishedHeadNumbersFieldEvent | PublishedHeadDigestFieldEvent | PublishedHeadInviteFieldEvent | PublishedHeadSumDigestFieldEvent> {
    return streamMessage(buf, PublishedHead.codec(), opts)
  }
}

export interface ExpertList {
  experts: Uint8Array<ArrayBuffer>[]
}

export namespace ExpertList {
  let _codec: Codec<ExpertList>

  export const codec = (): Codec<ExpertList> => {
    if (_codec == null) {
      _codec = message<ExpertList>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.experts != null && obj.experts.length > 0) {
          for (const value of obj.experts) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          experts: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.experts != null && obj.experts.length === opts.limits.experts) {
                throw new MaxLengthError('Decode error - repeated field "experts" had too many elements')
              }

              obj.experts.push(reader.bytes())
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
          experts: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.experts != null && obj.experts === opts.limits.experts) {
                throw new MaxLengthError('Streaming decode error - repeated field "experts" had too many elements')
              }

              yield {
                field: `${prefix}.experts[]`,
                index: obj.experts,
                value: reader.bytes()
              }

              obj.experts++

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

  export interface ExpertListExpertsFieldEvent {
    field: '$.experts[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<ExpertList>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ExpertList.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ExpertList>): ExpertList {
    return decodeMessage(buf, ExpertList.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ExpertList>): Generator<ExpertListExpertsFieldEvent> {
    return streamMessage(buf, ExpertList.codec(), opts)
  }
}

export interface Expert {
  author: Uint8Array<ArrayBuffer>
  round: number
  digest: Uint8Array<ArrayBuffer>
  payloadBytes: number
}

export namespace Expert {
  let _codec: Codec<Expert>

  export const codec = (): Codec<Expert> => {
    if (_codec == null) {
      _codec = message<Expert>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.author != null && obj.author.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.author)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(16)
          w.uint32(obj.round)
        }

        if ((obj.digest != null && obj.digest.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.digest)
        }

        if ((obj.payloadBytes != null && obj.payloadBytes !== 0)) {
          w.uint32(32)
          w.uint32(obj.payloadBytes)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          author: uint8ArrayAlloc(0),
          round: 0,
          digest: uint8ArrayAlloc(0),
          payloadBytes: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.author = reader.bytes()
              break
            }
            case 2: {
              obj.round = reader.uint32()
              break
            }
            case 3: {
              obj.digest = reader.bytes()
              break
            }
            case 4: {
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
                field: `${prefix}.author`,
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
                field: `${prefix}.digest`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
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

  export interface ExpertAuthorFieldEvent {
    field: '$.author'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ExpertRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface ExpertDigestFieldEvent {
    field: '$.digest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ExpertPayloadBytesFieldEvent {
    field: '$.payloadBytes'
    value: number
  }

  export function encode (obj: Partial<Expert>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Expert.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Expert>): Expert {
    return decodeMessage(buf, Expert.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Expert>): Generator<ExpertAuthorFieldEvent | ExpertRoundFieldEvent | ExpertDigestFieldEvent | ExpertPayloadBytesFieldEvent> {
    return streamMessage(buf, Expert.codec(), opts)
  }
}
