import { decodeMessage, encodeMessage, enumeration, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface StateRequest {
  what: StateRequest.What
  runId: Uint8Array<ArrayBuffer>
  digest: Uint8Array<ArrayBuffer>
  author: Uint8Array<ArrayBuffer>
  round: number
}

export namespace StateRequest {
  export enum What {
    UNKNOWN = 'UNKNOWN',
    MANIFEST = 'MANIFEST',
    HEAD = 'HEAD',
    VIEW = 'VIEW',
    PAYLOAD = 'PAYLOAD',
    EXPERTS = 'EXPERTS',
    EXPERT = 'EXPERT',
    AGREED = 'AGREED',
    LOG = 'LOG'
  }

  enum __WhatValues {
    UNKNOWN = 0,
    MANIFEST = 1,
    HEAD = 2,
    VIEW = 3,
    PAYLOAD = 4,
    EXPERTS = 5,
    EXPERT = 6,
    AGREED = 7,
    LOG = 8
  }

  export namespace What {
    export const codec = (): Codec<What> => {
      return enumeration<What>(__WhatValues)
    }
  }

  let _codec: Codec<StateRequest>

  export const codec = (): Codec<StateRequest> => {
    if (_codec == null) {
      _codec = message<StateRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.what != null && __WhatValues[obj.what] !== 0) {
          w.uint32(8)
          StateRequest.What.codec().encode(obj.what, w)
        }

        if ((obj.runId != null && obj.runId.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.runId)
        }

        if ((obj.digest != null && obj.digest.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.digest)
        }

        if ((obj.author != null && obj.author.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.author)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(40)
          w.uint32(obj.round)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          what: What.UNKNOWN,
          runId: uint8ArrayAlloc(0),
          digest: uint8ArrayAlloc(0),
          author: uint8ArrayAlloc(0),
          round: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.what = StateRequest.What.codec().decode(reader)
              break
            }
            case 2: {
              obj.runId = reader.bytes()
              break
            }
            case 3: {
              obj.digest = reader.bytes()
              break
            }
            case 4: {
              obj.author = reader.bytes()
              break
            }
            case 5: {
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
                field: `${prefix}.what`,
                value: StateRequest.What.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.runId`,
                value: reader.bytes()
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
                field: `${prefix}.author`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
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

  export interface StateRequestWhatFieldEvent {
    field: '$.what'
    value: StateRequest.What
  }

  export interface StateRequestRunIdFieldEvent {
    field: '$.runId'
    value: Uint8Array<ArrayBuffer>
  }

  export interface StateRequestDigestFieldEvent {
    field: '$.digest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface StateRequestAuthorFieldEvent {
    field: '$.author'
    value: Uint8Array<ArrayBuffer>
  }

  export interface StateRequestRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export function encode (obj: Partial<StateRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, StateRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StateRequest>): StateRequest {
    return decodeMessage(buf, StateRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StateRequest>): Generator<StateRequestWhatFieldEvent | StateRequestRunIdFieldEvent | StateRequestDigestFieldEvent | StateRequestAuthorFieldEvent | StateRequestRoundFieldEvent> {
    return streamMessage(buf, StateRequest.codec(), opts)
  }
}

export interface StateHeader {
  code: StateHeader.Code
  payloadBytes: number
  digest: Uint8Array<ArrayBuffer>
  round: number
}

export namespace StateHeader {
  export enum Code {
    UNKNOWN = 'UNKNOWN',
    HERE = 'HERE',
    NOTHING_YET = 'NOTHING_YET',
    WRONG_RUN = 'WRONG_RUN',
    NOT_ADMITTED = 'NOT_ADMITTED',
    TOO_BUSY = 'TOO_BUSY',
    MALFORMED = 'MALFORMED'
  }

  enum __CodeValues {
    UNKNOWN = 0,
    HERE = 1,
    NOTHING_YET = 2,
    WRONG_RUN = 3,
    NOT_ADMITTED = 4,
    TOO_BUSY = 5,
    MALFORMED = 6
  }

  export namespace Code {
    export const codec = (): Codec<Code> => {
      return enumeration<Code>(__CodeValues)
    }
  }

  let _codec: Codec<StateHeader>

  export const codec = (): Codec<StateHeader> => {
    if (_codec == null) {
      _codec = message<StateHeader>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.code != null && __CodeValues[obj.code] !== 0) {
          w.uint32(8)
          StateHeader.Code.codec().encode(obj.code, w)
        }

        if ((obj.payloadBytes != null && obj.payloadBytes !== 0)) {
          w.uint32(16)
          w.uint32(obj.payloadBytes)
        }

        if ((obj.digest != null && obj.digest.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.digest)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(32)
          w.uint32(obj.round)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          code: Code.UNKNOWN,
          payloadBytes: 0,
          digest: uint8ArrayAlloc(0),
          round: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.code = StateHeader.Code.codec().decode(reader)
              break
            }
            case 2: {
              obj.payloadBytes = reader.uint32()
              break
            }
            case 3: {
              obj.digest = reader.bytes()
              break
            }
            case 4: {
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
                value: StateHeader.Code.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.payloadBytes`,
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

  export interface StateHeaderCodeFieldEvent {
    field: '$.code'
    value: StateHeader.Code
  }

  export interface StateHeaderPayloadBytesFieldEvent {
    field: '$.payloadBytes'
    value: number
  }

  export interface StateHeaderDigestFieldEvent {
    field: '$.digest'
    value: Uint8Array<ArrayBuffer>
  }

  export interface StateHeaderRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export function encode (obj: Partial<StateHeader>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, StateHeader.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StateHeader>): StateHeader {
    return decodeMessage(buf, StateHeader.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StateHeader>): Generator<StateHeaderCodeFieldEvent | StateHeaderPayloadBytesFieldEvent | StateHeaderDigestFieldEvent | StateHeaderRoundFieldEvent> {
    return streamMessage(buf, StateHeader.codec(), opts)
  }
}
