import { decodeMessage, encodeMessage, enumeration, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Invite {
  runId: Uint8Array<ArrayBuffer>
  inviter: Uint8Array<ArrayBuffer>
  expiresAt: number
  invitee: Uint8Array<ArrayBuffer>
  nonce: Uint8Array<ArrayBuffer>
  parent: Uint8Array<ArrayBuffer>
}

export namespace Invite {
  let _codec: Codec<Invite>

  export const codec = (): Codec<Invite> => {
    if (_codec == null) {
      _codec = message<Invite>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.runId != null && obj.runId.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.runId)
        }

        if ((obj.inviter != null && obj.inviter.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.inviter)
        }

        if ((obj.expiresAt != null && obj.expiresAt !== 0)) {
          w.uint32(24)
          w.uint32(obj.expiresAt)
        }

        if ((obj.invitee != null && obj.invitee.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.invitee)
        }

        if ((obj.nonce != null && obj.nonce.byteLength > 0)) {
          w.uint32(42)
          w.bytes(obj.nonce)
        }

        if ((obj.parent != null && obj.parent.byteLength > 0)) {
          w.uint32(50)
          w.bytes(obj.parent)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          runId: uint8ArrayAlloc(0),
          inviter: uint8ArrayAlloc(0),
          expiresAt: 0,
          invitee: uint8ArrayAlloc(0),
          nonce: uint8ArrayAlloc(0),
          parent: uint8ArrayAlloc(0)
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
              obj.inviter = reader.bytes()
              break
            }
            case 3: {
              obj.expiresAt = reader.uint32()
              break
            }
            case 4: {
              obj.invitee = reader.bytes()
              break
            }
            case 5: {
              obj.nonce = reader.bytes()
              break
            }
            case 6: {
              obj.parent = reader.bytes()
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
                field: `${prefix}.inviter`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.expiresAt`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.invitee`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.nonce`,
                value: reader.bytes()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.parent`,
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

  export interface InviteRunIdFieldEvent {
    field: '$.runId'
    value: Uint8Array<ArrayBuffer>
  }

  export interface InviteInviterFieldEvent {
    field: '$.inviter'
    value: Uint8Array<ArrayBuffer>
  }

  export interface InviteExpiresAtFieldEvent {
    field: '$.expiresAt'
    value: number
  }

  export interface InviteInviteeFieldEvent {
    field: '$.invitee'
    value: Uint8Array<ArrayBuffer>
  }

  export interface InviteNonceFieldEvent {
    field: '$.nonce'
    value: Uint8Array<ArrayBuffer>
  }

  export interface InviteParentFieldEvent {
    field: '$.parent'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Invite>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Invite.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Invite>): Invite {
    return decodeMessage(buf, Invite.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Invite>): Generator<InviteRunIdFieldEvent | InviteInviterFieldEvent | InviteExpiresAtFieldEvent | InviteInviteeFieldEvent | InviteNonceFieldEvent | InviteParentFieldEvent> {
    return streamMessage(buf, Invite.codec(), opts)
  }
}

export interface SignedInvite {
  body: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
}

export namespace SignedInvite {
  let _codec: Codec<SignedInvite>

  export const codec = (): Codec<SignedInvite> => {
    if (_codec == null) {
      _codec = message<SignedInvite>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.body != null && obj.body.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.body)
        }

        if ((obj.signature != null && obj.signature.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.signature)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          body: uint8ArrayAlloc(0),
          signature: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.body = reader.bytes()
              break
            }
            case 2: {
              obj.signature = reader.bytes()
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
                field: `${prefix}.body`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.signature`,
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

  export interface SignedInviteBodyFieldEvent {
    field: '$.body'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SignedInviteSignatureFieldEvent {
    field: '$.signature'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<SignedInvite>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SignedInvite.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedInvite>): SignedInvite {
    return decodeMessage(buf, SignedInvite.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedInvite>): Generator<SignedInviteBodyFieldEvent | SignedInviteSignatureFieldEvent> {
    return streamMessage(buf, SignedInvite.codec(), opts)
  }
}

export interface AccessRequest {
  token: Uint8Array<ArrayBuffer>
}

export namespace AccessRequest {
  let _codec: Codec<AccessRequest>

  export const codec = (): Codec<AccessRequest> => {
    if (_codec == null) {
      _codec = message<AccessRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.token != null && obj.token.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.token)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          token: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.token = reader.bytes()
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
                field: `${prefix}.token`,
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

  export interface AccessRequestTokenFieldEvent {
    field: '$.token'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<AccessRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AccessRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AccessRequest>): AccessRequest {
    return decodeMessage(buf, AccessRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AccessRequest>): Generator<AccessRequestTokenFieldEvent> {
    return streamMessage(buf, AccessRequest.codec(), opts)
  }
}

export interface AccessReply {
  code: AccessReply.Code
}

export namespace AccessReply {
  export enum Code {
    UNKNOWN = 'UNKNOWN',
    ADMITTED = 'ADMITTED',
    OVERSIZE = 'OVERSIZE',
    MALFORMED = 'MALFORMED',
    WRONG_RUN = 'WRONG_RUN',
    EXPIRED = 'EXPIRED',
    WRONG_PEER = 'WRONG_PEER',
    TOO_DEEP = 'TOO_DEEP',
    UNKNOWN_FOUNDER = 'UNKNOWN_FOUNDER',
    BROKEN_CHAIN = 'BROKEN_CHAIN',
    BAD_SIGNATURE = 'BAD_SIGNATURE'
  }

  enum __CodeValues {
    UNKNOWN = 0,
    ADMITTED = 1,
    OVERSIZE = 2,
    MALFORMED = 3,
    WRONG_RUN = 4,
    EXPIRED = 5,
    WRONG_PEER = 6,
    TOO_DEEP = 7,
    UNKNOWN_FOUNDER = 8,
    BROKEN_CHAIN = 9,
    BAD_SIGNATURE = 10
  }

  export namespace Code {
    export const codec = (): Codec<Code> => {
      return enumeration<Code>(__CodeValues)
    }
  }

  let _codec: Codec<AccessReply>

  export const codec = (): Codec<AccessReply> => {
    if (_codec == null) {
      _codec = message<AccessReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.code != null && __CodeValues[obj.code] !== 0) {
          w.uint32(8)
          AccessReply.Code.codec().encode(obj.code, w)
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
              obj.code = AccessReply.Code.codec().decode(reader)
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
                value: AccessReply.Code.codec().decode(reader)
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

  export interface AccessReplyCodeFieldEvent {
    field: '$.code'
    value: AccessReply.Code
  }

  export function encode (obj: Partial<AccessReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AccessReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AccessReply>): AccessReply {
    return decodeMessage(buf, AccessReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AccessReply>): Generator<AccessReplyCodeFieldEvent> {
    return streamMessage(buf, AccessReply.codec(), opts)
  }
}
