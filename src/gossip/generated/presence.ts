import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface PresenceRecord {
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
  maskKey: Uint8Array<ArrayBuffer>
  mostMs?: number
  sinceMs?: number
}

export namespace PresenceRecord {
  let _codec: Codec<PresenceRecord>

  export const codec = (): Codec<PresenceRecord> => {
    if (_codec == null) {
      _codec = message<PresenceRecord>((obj, w, opts = {}) => {
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

        if ((obj.maskKey != null && obj.maskKey.byteLength > 0)) {
          w.uint32(130)
          w.bytes(obj.maskKey)
        }

        if (obj.mostMs != null) {
          w.uint32(136)
          w.uint32(obj.mostMs)
        }

        if (obj.sinceMs != null) {
          w.uint32(144)
          w.uint32(obj.sinceMs)
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
          sumDigest: uint8ArrayAlloc(0),
          maskKey: uint8ArrayAlloc(0)
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
            case 16: {
              obj.maskKey = reader.bytes()
              break
            }
            case 17: {
              obj.mostMs = reader.uint32()
              break
            }
            case 18: {
              obj.sinceMs = reader.uint32()
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
            case 16: {
              yield {
                field: `${prefix}.maskKey`,
                value: reader.bytes()
              }
              break
            }
            case 17: {
              yield {
                field: `${prefix}.mostMs`,
                value: reader.uint32()
              }
              break
            }
            case 18: {
              yield {
                field: `${prefix}.sinceMs`,
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

  export interface PresenceRecordRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface PresenceRecordNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface PresenceRecordSamplesFieldEvent {
    field: '$.samples'
    value: number
  }

  export interface PresenceRecordLossFieldEvent {
    field: '$.loss'
    value: number
  }

  export interface PresenceRecordAccuracyFieldEvent {
    field: '$.accuracy'
    value: number
  }

  export interface PresenceRecordLocalDistanceFieldEvent {
    field: '$.localDistance'
    value: number
  }

  export interface PresenceRecordWaitingFieldEvent {
    field: '$.waiting'
    value: boolean
  }

  export interface PresenceRecordFromFieldEvent {
    field: '$.from'
    value: number
  }

  export interface PresenceRecordShareFieldEvent {
    field: '$.share'
    value: number
  }

  export interface PresenceRecordAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceRecordHeadDigestFieldEvent {
    field: '$.headDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceRecordHeadRoundFieldEvent {
    field: '$.headRound'
    value: number
  }

  export interface PresenceRecordLeavingFieldEvent {
    field: '$.leaving'
    value: boolean
  }

  export interface PresenceRecordInviteFieldEvent {
    field: '$.invite'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceRecordSumDigestFieldEvent {
    field: '$.sumDigest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceRecordMaskKeyFieldEvent {
    field: '$.maskKey'
    value: Uint8Array<ArrayBuffer>
  }

  export interface PresenceRecordMostMsFieldEvent {
    field: '$.mostMs'
    value: number
  }

  export interface PresenceRecordSinceMsFieldEvent {
    field: '$.sinceMs'
    value: number
  }

  export function encode (obj: Partial<PresenceRecord>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, PresenceRecord.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PresenceRecord>): PresenceRecord {
    return decodeMessage(buf, PresenceRecord.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PresenceRecord>): Generator<PresenceRecordRoundFieldEvent | PresenceRecordNameFieldEvent | PresenceRecordSamplesFieldEvent | PresenceRecordLossFieldEvent | PresenceRecordAccuracyFieldEvent | PresenceRecordLocalDistanceFieldEvent | PresenceRecordWaitingFieldEvent | PresenceRecordFromFieldEvent | PresenceRecordShareFieldEvent | PresenceRecordAddressesFieldEvent | PresenceRecordHeadDigestFieldEvent | PresenceRecordHeadRoundFieldEvent | PresenceRecordLeavingFieldEvent | PresenceRecordInviteFieldEvent | PresenceRecordSumDigestFieldEvent | PresenceRecordMaskKeyFieldEvent | PresenceRecordMostMsFieldEvent | PresenceRecordSinceMsFieldEvent> {
    return streamMessage(buf, PresenceRecord.codec(), opts)
  }
}
