import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface MaskShares {
  runId: Uint8Array<ArrayBuffer>
  round: number
  step: number
  group: Uint8Array<ArrayBuffer>
  came: number[]
  sealed: Uint8Array<ArrayBuffer>[]
}

export namespace MaskShares {
  let _codec: Codec<MaskShares>

  export const codec = (): Codec<MaskShares> => {
    if (_codec == null) {
      _codec = message<MaskShares>((obj, w, opts = {}) => {
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

        if ((obj.group != null && obj.group.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.group)
        }

        if (obj.came != null && obj.came.length > 0) {
          for (const value of obj.came) {
            w.uint32(40)
            w.uint32(value)
          }
        }

        if (obj.sealed != null && obj.sealed.length > 0) {
          for (const value of obj.sealed) {
            w.uint32(50)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          runId: uint8ArrayAlloc(0),
          round: 0,
          step: 0,
          group: uint8ArrayAlloc(0),
          came: [],
          sealed: []
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
              obj.group = reader.bytes()
              break
            }
            case 5: {
              if (opts.limits?.came != null && obj.came.length === opts.limits.came) {
                throw new MaxLengthError('Decode error - repeated field "came" had too many elements')
              }

              obj.came.push(reader.uint32())
              break
            }
            case 6: {
              if (opts.limits?.sealed != null && obj.sealed.length === opts.limits.sealed) {
                throw new MaxLengthError('Decode error - repeated field "sealed" had too many elements')
              }

              obj.sealed.push(reader.bytes())
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
          came: 0,
          sealed: 0
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
                field: `${prefix}.group`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              if (opts.limits?.came != null && obj.came === opts.limits.came) {
                throw new MaxLengthError('Streaming decode error - repeated field "came" had too many elements')
              }

              yield {
                field: `${prefix}.came[]`,
                index: obj.came,
                value: reader.uint32()
              }

              obj.came++

              break
            }
            case 6: {
              if (opts.limits?.sealed != null && obj.sealed === opts.limits.sealed) {
                throw new MaxLengthError('Streaming decode error - repeated field "sealed" had too many elements')
              }

              yield {
                field: `${prefix}.sealed[]`,
                index: obj.sealed,
                value: reader.bytes()
              }

              obj.sealed++

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

  export interface MaskSharesRunIdFieldEvent {
    field: '$.runId'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MaskSharesRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface MaskSharesStepFieldEvent {
    field: '$.step'
    value: number
  }

  export interface MaskSharesGroupFieldEvent {
    field: '$.group'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MaskSharesCameFieldEvent {
    field: '$.came[]'
    index: number
    value: number
  }

  export interface MaskSharesSealedFieldEvent {
    field: '$.sealed[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<MaskShares>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, MaskShares.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MaskShares>): MaskShares {
    return decodeMessage(buf, MaskShares.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MaskShares>): Generator<MaskSharesRunIdFieldEvent | MaskSharesRoundFieldEvent | MaskSharesStepFieldEvent | MaskSharesGroupFieldEvent | MaskSharesCameFieldEvent | MaskSharesSealedFieldEvent> {
    return streamMessage(buf, MaskShares.codec(), opts)
  }
}

export interface MaskAnswer {
  code: MaskAnswer.Code
  parts: Uint8Array<ArrayBuffer>[]
}

export namespace MaskAnswer {
  export enum Code {
    UNKNOWN = 'UNKNOWN',
    TAKEN = 'TAKEN',
    PARTS = 'PARTS',
    REFUSED = 'REFUSED'
  }

  enum __CodeValues {
    UNKNOWN = 0,
    TAKEN = 1,
    PARTS = 2,
    REFUSED = 3
  }

  export namespace Code {
    export const codec = (): Codec<Code> => {
      return enumeration<Code>(__CodeValues)
    }
  }

  let _codec: Codec<MaskAnswer>

  export const codec = (): Codec<MaskAnswer> => {
    if (_codec == null) {
      _codec = message<MaskAnswer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.code != null && __CodeValues[obj.code] !== 0) {
          w.uint32(8)
          MaskAnswer.Code.codec().encode(obj.code, w)
        }

        if (obj.parts != null && obj.parts.length > 0) {
          for (const value of obj.parts) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: Code.UNKNOWN,
          parts: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = MaskAnswer.Code.codec().decode(reader)
              break
            }
            case 2: {
              if (opts.limits?.parts != null && obj.parts.length === opts.limits.parts) {
                throw new MaxLengthError('Decode error - repeated field "parts" had too many elements')
              }

              obj.parts.push(reader.bytes())
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
          parts: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.code`,
                value: MaskAnswer.Code.codec().decode(reader)
              }
              break
            }
            case 2: {
              if (opts.limits?.parts != null && obj.parts === opts.limits.parts) {
                throw new MaxLengthError('Streaming decode error - repeated field "parts" had too many elements')
              }

              yield {
                field: `${prefix}.parts[]`,
                index: obj.parts,
                value: reader.bytes()
              }

              obj.parts++

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

  export interface MaskAnswerCodeFieldEvent {
    field: '$.code'
    value: MaskAnswer.Code
  }

  export interface MaskAnswerPartsFieldEvent {
    field: '$.parts[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<MaskAnswer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, MaskAnswer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MaskAnswer>): MaskAnswer {
    return decodeMessage(buf, MaskAnswer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MaskAnswer>): Generator<MaskAnswerCodeFieldEvent | MaskAnswerPartsFieldEvent> {
    return streamMessage(buf, MaskAnswer.codec(), opts)
  }
}
