import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface AgreementStatement {
  key: Uint8Array<ArrayBuffer>
  group: Uint8Array<ArrayBuffer>
  commitment: Uint8Array<ArrayBuffer>
  part: number
  masked: Uint8Array<ArrayBuffer>
  seeds: Uint8Array<ArrayBuffer>[]
  transcript: Uint8Array<ArrayBuffer>
}

export namespace AgreementStatement {
  let _codec: Codec<AgreementStatement>

  export const codec = (): Codec<AgreementStatement> => {
    if (_codec == null) {
      _codec = message<AgreementStatement>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.key != null && obj.key.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.key)
        }

        if ((obj.group != null && obj.group.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.group)
        }

        if ((obj.commitment != null && obj.commitment.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.commitment)
        }

        if ((obj.part != null && obj.part !== 0)) {
          w.uint32(32)
          w.uint32(obj.part)
        }

        if ((obj.masked != null && obj.masked.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.masked)
        }

        if (obj.seeds != null && obj.seeds.length > 0) {
          for (const value of obj.seeds) {
            w.uint32(50)
            w.bytes(value)
          }
        }

        if ((obj.transcript != null && obj.transcript.byteLength > 0)) {
          w.uint32(58)
          w.bytes(obj.transcript)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          key: uint8ArrayAlloc(0),
          group: uint8ArrayAlloc(0),
          commitment: uint8ArrayAlloc(0),
          part: 0,
          masked: uint8ArrayAlloc(0),
          seeds: [],
          transcript: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.key = reader.bytes()
              break
            }
            case 2: {
              obj.group = reader.bytes()
              break
            }
            case 3: {
              obj.commitment = reader.bytes()
              break
            }
            case 4: {
              obj.part = reader.uint32()
              break
            }
            case 5: {
              obj.masked = reader.bytes()
              break
            }
            case 6: {
              if (opts.limits?.seeds != null && obj.seeds.length === opts.limits.seeds) {
                throw new MaxLengthError('Decode error - repeated field "seeds" had too many elements')
              }

              obj.seeds.push(reader.bytes())
              break
            }
            case 7: {
              obj.transcript = reader.bytes()
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
          seeds: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.key`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.group`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.commitment`,
                value: reader.bytes()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.part`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.masked`,
                value: reader.bytes()
              }
              break
            }
            case 6: {
              if (opts.limits?.seeds != null && obj.seeds === opts.limits.seeds) {
                throw new MaxLengthError('Streaming decode error - repeated field "seeds" had too many elements')
              }

              yield {
                field: `${prefix}.seeds[]`,
                index: obj.seeds,
                value: reader.bytes()
              }

              obj.seeds++

              break
            }
            case 7: {
              yield {
                field: `${prefix}.transcript`,
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

  export interface AgreementStatementKeyFieldEvent {
    field: '$.key'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AgreementStatementGroupFieldEvent {
    field: '$.group'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AgreementStatementCommitmentFieldEvent {
    field: '$.commitment'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AgreementStatementPartFieldEvent {
    field: '$.part'
    value: number
  }

  export interface AgreementStatementMaskedFieldEvent {
    field: '$.masked'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AgreementStatementSeedsFieldEvent {
    field: '$.seeds[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface AgreementStatementTranscriptFieldEvent {
    field: '$.transcript'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<AgreementStatement>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AgreementStatement.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AgreementStatement>): AgreementStatement {
    return decodeMessage(buf, AgreementStatement.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AgreementStatement>): Generator<AgreementStatementKeyFieldEvent | AgreementStatementGroupFieldEvent | AgreementStatementCommitmentFieldEvent | AgreementStatementPartFieldEvent | AgreementStatementMaskedFieldEvent | AgreementStatementSeedsFieldEvent | AgreementStatementTranscriptFieldEvent> {
    return streamMessage(buf, AgreementStatement.codec(), opts)
  }
}

export interface AgreedSum {
  members: string[]
  total: Uint8Array<ArrayBuffer>
}

export namespace AgreedSum {
  let _codec: Codec<AgreedSum>

  export const codec = (): Codec<AgreedSum> => {
    if (_codec == null) {
      _codec = message<AgreedSum>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.members != null && obj.members.length > 0) {
          for (const value of obj.members) {
            w.uint32(10)
            w.string(value)
          }
        }

        if ((obj.total != null && obj.total.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.total)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          members: [],
          total: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.members != null && obj.members.length === opts.limits.members) {
                throw new MaxLengthError('Decode error - repeated field "members" had too many elements')
              }

              obj.members.push(reader.string())
              break
            }
            case 2: {
              obj.total = reader.bytes()
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
          members: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.members != null && obj.members === opts.limits.members) {
                throw new MaxLengthError('Streaming decode error - repeated field "members" had too many elements')
              }

              yield {
                field: `${prefix}.members[]`,
                index: obj.members,
                value: reader.string()
              }

              obj.members++

              break
            }
            case 2: {
              yield {
                field: `${prefix}.total`,
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

  export interface AgreedSumMembersFieldEvent {
    field: '$.members[]'
    index: number
    value: string
  }

  export interface AgreedSumTotalFieldEvent {
    field: '$.total'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<AgreedSum>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AgreedSum.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AgreedSum>): AgreedSum {
    return decodeMessage(buf, AgreedSum.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AgreedSum>): Generator<AgreedSumMembersFieldEvent | AgreedSumTotalFieldEvent> {
    return streamMessage(buf, AgreedSum.codec(), opts)
  }
}
