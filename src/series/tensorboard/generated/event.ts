import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Event {
  wallTime: number
  step: number
  fileVersion?: string
  summary?: Uint8Array<ArrayBuffer>
  sessionLog?: Uint8Array<ArrayBuffer>
}

export namespace Event {
  let _codec: Codec<Event>

  export const codec = (): Codec<Event> => {
    if (_codec == null) {
      _codec = message<Event>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.wallTime != null && obj.wallTime !== 0)) {
          w.uint32(9)
          w.double(obj.wallTime)
        }

        if ((obj.step != null && obj.step !== 0)) {
          w.uint32(16)
          w.int64Number(obj.step)
        }

        if (obj.fileVersion != null) {
          w.uint32(26)
          w.string(obj.fileVersion)
        }

        if (obj.summary != null) {
          w.uint32(42)
          w.bytes(obj.summary)
        }

        if (obj.sessionLog != null) {
          w.uint32(58)
          w.bytes(obj.sessionLog)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          wallTime: 0,
          step: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.wallTime = reader.double()
              break
            }
            case 2: {
              obj.step = reader.int64Number()
              break
            }
            case 3: {
              obj.fileVersion = reader.string()
              break
            }
            case 5: {
              obj.summary = reader.bytes()
              break
            }
            case 7: {
              obj.sessionLog = reader.bytes()
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
                field: `${prefix}.wallTime`,
                value: reader.double()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.step`,
                value: reader.int64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.fileVersion`,
                value: reader.string()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.summary`,
                value: reader.bytes()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.sessionLog`,
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

  export interface EventWallTimeFieldEvent {
    field: '$.wallTime'
    value: number
  }

  export interface EventStepFieldEvent {
    field: '$.step'
    value: number
  }

  export interface EventFileVersionFieldEvent {
    field: '$.fileVersion'
    value: string
  }

  export interface EventSummaryFieldEvent {
    field: '$.summary'
    value: Uint8Array<ArrayBuffer>
  }

  export interface EventSessionLogFieldEvent {
    field: '$.sessionLog'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Event>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Event.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Event>): Event {
    return decodeMessage(buf, Event.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Event>): Generator<EventWallTimeFieldEvent | EventStepFieldEvent | EventFileVersionFieldEvent | EventSummaryFieldEvent | EventSessionLogFieldEvent> {
    return streamMessage(buf, Event.codec(), opts)
  }
}

export interface Summary {
  value: Uint8Array<ArrayBuffer>[]
}

export namespace Summary {
  let _codec: Codec<Summary>

  export const codec = (): Codec<Summary> => {
    if (_codec == null) {
      _codec = message<Summary>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.value != null && obj.value.length > 0) {
          for (const value of obj.value) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          value: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.value != null && obj.value.length === opts.limits.value) {
                throw new MaxLengthError('Decode error - repeated field "value" had too many elements')
              }

              obj.value.push(reader.bytes())
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
          value: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.value != null && obj.value === opts.limits.value) {
                throw new MaxLengthError('Streaming decode error - repeated field "value" had too many elements')
              }

              yield {
                field: `${prefix}.value[]`,
                index: obj.value,
                value: reader.bytes()
              }

              obj.value++

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

  export interface SummaryValueFieldEvent {
    field: '$.value[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Summary>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Summary.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Summary>): Summary {
    return decodeMessage(buf, Summary.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Summary>): Generator<SummaryValueFieldEvent> {
    return streamMessage(buf, Summary.codec(), opts)
  }
}

export interface SummaryValue {
  tag: string
  simpleValue?: number
  metadata?: Uint8Array<ArrayBuffer>
}

export namespace SummaryValue {
  let _codec: Codec<SummaryValue>

  export const codec = (): Codec<SummaryValue> => {
    if (_codec == null) {
      _codec = message<SummaryValue>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.tag != null && obj.tag !== '')) {
          w.uint32(10)
          w.string(obj.tag)
        }

        if (obj.simpleValue != null) {
          w.uint32(21)
          w.float(obj.simpleValue)
        }

        if (obj.metadata != null) {
          w.uint32(74)
          w.bytes(obj.metadata)
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
            case 1: {
              obj.tag = reader.string()
              break
            }
            case 2: {
              obj.simpleValue = reader.float()
              break
            }
            case 9: {
              obj.metadata = reader.bytes()
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
                field: `${prefix}.tag`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.simpleValue`,
                value: reader.float()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.metadata`,
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

  export interface SummaryValueTagFieldEvent {
    field: '$.tag'
    value: string
  }

  export interface SummaryValueSimpleValueFieldEvent {
    field: '$.simpleValue'
    value: number
  }

  export interface SummaryValueMetadataFieldEvent {
    field: '$.metadata'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<SummaryValue>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SummaryValue.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SummaryValue>): SummaryValue {
    return decodeMessage(buf, SummaryValue.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SummaryValue>): Generator<SummaryValueTagFieldEvent | SummaryValueSimpleValueFieldEvent | SummaryValueMetadataFieldEvent> {
    return streamMessage(buf, SummaryValue.codec(), opts)
  }
}

export interface SummaryMetadata {
  pluginData: Uint8Array<ArrayBuffer>
}

export namespace SummaryMetadata {
  let _codec: Codec<SummaryMetadata>

  export const codec = (): Codec<SummaryMetadata> => {
    if (_codec == null) {
      _codec = message<SummaryMetadata>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.pluginData != null && obj.pluginData.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.pluginData)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          pluginData: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.pluginData = reader.bytes()
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
                field: `${prefix}.pluginData`,
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

  export interface SummaryMetadataPluginDataFieldEvent {
    field: '$.pluginData'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<SummaryMetadata>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SummaryMetadata.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SummaryMetadata>): SummaryMetadata {
    return decodeMessage(buf, SummaryMetadata.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SummaryMetadata>): Generator<SummaryMetadataPluginDataFieldEvent> {
    return streamMessage(buf, SummaryMetadata.codec(), opts)
  }
}

export interface PluginData {
  pluginName: string
  content: Uint8Array<ArrayBuffer>
}

export namespace PluginData {
  let _codec: Codec<PluginData>

  export const codec = (): Codec<PluginData> => {
    if (_codec == null) {
      _codec = message<PluginData>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.pluginName != null && obj.pluginName !== '')) {
          w.uint32(10)
          w.string(obj.pluginName)
        }

        if ((obj.content != null && obj.content.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.content)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          pluginName: '',
          content: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.pluginName = reader.string()
              break
            }
            case 2: {
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
                field: `${prefix}.pluginName`,
                value: reader.string()
              }
              break
            }
            case 2: {
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

  export interface PluginDataPluginNameFieldEvent {
    field: '$.pluginName'
    value: string
  }

  export interface PluginDataContentFieldEvent {
    field: '$.content'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<PluginData>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, PluginData.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PluginData>): PluginData {
    return decodeMessage(buf, PluginData.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PluginData>): Generator<PluginDataPluginNameFieldEvent | PluginDataContentFieldEvent> {
    return streamMessage(buf, PluginData.codec(), opts)
  }
}

export interface SessionLog {
  status: SessionLog.Status
}

export namespace SessionLog {
  export enum Status {
    UNSPECIFIED = 'UNSPECIFIED',
    START = 'START'
  }

  enum __StatusValues {
    UNSPECIFIED = 0,
    START = 1
  }

  export namespace Status {
    export const codec = (): Codec<Status> => {
      return enumeration<Status>(__StatusValues)
    }
  }

  let _codec: Codec<SessionLog>

  export const codec = (): Codec<SessionLog> => {
    if (_codec == null) {
      _codec = message<SessionLog>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.status != null && __StatusValues[obj.status] !== 0) {
          w.uint32(8)
          SessionLog.Status.codec().encode(obj.status, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          status: Status.UNSPECIFIED
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.status = SessionLog.Status.codec().decode(reader)
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
                field: `${prefix}.status`,
                value: SessionLog.Status.codec().decode(reader)
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

  export interface SessionLogStatusFieldEvent {
    field: '$.status'
    value: SessionLog.Status
  }

  export function encode (obj: Partial<SessionLog>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SessionLog.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SessionLog>): SessionLog {
    return decodeMessage(buf, SessionLog.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SessionLog>): Generator<SessionLogStatusFieldEvent> {
    return streamMessage(buf, SessionLog.codec(), opts)
  }
}

export interface HParams {
  version: number
  sessionStart: Uint8Array<ArrayBuffer>
}

export namespace HParams {
  let _codec: Codec<HParams>

  export const codec = (): Codec<HParams> => {
    if (_codec == null) {
      _codec = message<HParams>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.version != null && obj.version !== 0)) {
          w.uint32(8)
          w.int32(obj.version)
        }

        if ((obj.sessionStart != null && obj.sessionStart.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.sessionStart)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          version: 0,
          sessionStart: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.version = reader.int32()
              break
            }
            case 3: {
              obj.sessionStart = reader.bytes()
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
                field: `${prefix}.version`,
                value: reader.int32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.sessionStart`,
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

  export interface HParamsVersionFieldEvent {
    field: '$.version'
    value: number
  }

  export interface HParamsSessionStartFieldEvent {
    field: '$.sessionStart'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<HParams>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HParams.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HParams>): HParams {
    return decodeMessage(buf, HParams.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HParams>): Generator<HParamsVersionFieldEvent | HParamsSessionStartFieldEvent> {
    return streamMessage(buf, HParams.codec(), opts)
  }
}

export interface SessionStart {
  hparams: Uint8Array<ArrayBuffer>[]
  startSeconds: number
}

export namespace SessionStart {
  let _codec: Codec<SessionStart>

  export const codec = (): Codec<SessionStart> => {
    if (_codec == null) {
      _codec = message<SessionStart>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.hparams != null && obj.hparams.length > 0) {
          for (const value of obj.hparams) {
            w.uint32(10)
            w.bytes(value)
          }
        }

        if ((obj.startSeconds != null && obj.startSeconds !== 0)) {
          w.uint32(41)
          w.double(obj.startSeconds)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          hparams: [],
          startSeconds: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.hparams != null && obj.hparams.length === opts.limits.hparams) {
                throw new MaxLengthError('Decode error - repeated field "hparams" had too many elements')
              }

              obj.hparams.push(reader.bytes())
              break
            }
            case 5: {
              obj.startSeconds = reader.double()
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
          hparams: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.hparams != null && obj.hparams === opts.limits.hparams) {
                throw new MaxLengthError('Streaming decode error - repeated field "hparams" had too many elements')
              }

              yield {
                field: `${prefix}.hparams[]`,
                index: obj.hparams,
                value: reader.bytes()
              }

              obj.hparams++

              break
            }
            case 5: {
              yield {
                field: `${prefix}.startSeconds`,
                value: reader.double()
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

  export interface SessionStartHparamsFieldEvent {
    field: '$.hparams[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface SessionStartStartSecondsFieldEvent {
    field: '$.startSeconds'
    value: number
  }

  export function encode (obj: Partial<SessionStart>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SessionStart.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SessionStart>): SessionStart {
    return decodeMessage(buf, SessionStart.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SessionStart>): Generator<SessionStartHparamsFieldEvent | SessionStartStartSecondsFieldEvent> {
    return streamMessage(buf, SessionStart.codec(), opts)
  }
}

export interface HParam {
  name: string
  value: Uint8Array<ArrayBuffer>
}

export namespace HParam {
  let _codec: Codec<HParam>

  export const codec = (): Codec<HParam> => {
    if (_codec == null) {
      _codec = message<HParam>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.name != null && obj.name !== '')) {
          w.uint32(10)
          w.string(obj.name)
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
          name: '',
          value: uint8ArrayAlloc(0)
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
                field: `${prefix}.name`,
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

  export interface HParamNameFieldEvent {
    field: '$.name'
    value: string
  }

  export interface HParamValueFieldEvent {
    field: '$.value'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<HParam>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HParam.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HParam>): HParam {
    return decodeMessage(buf, HParam.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HParam>): Generator<HParamNameFieldEvent | HParamValueFieldEvent> {
    return streamMessage(buf, HParam.codec(), opts)
  }
}

export interface HParamValue {
  number?: number
  text?: string
  truth?: boolean
}

export namespace HParamValue {
  let _codec: Codec<HParamValue>

  export const codec = (): Codec<HParamValue> => {
    if (_codec == null) {
      _codec = message<HParamValue>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.number != null) {
          w.uint32(17)
          w.double(obj.number)
        }

        if (obj.text != null) {
          w.uint32(26)
          w.string(obj.text)
        }

        if (obj.truth != null) {
          w.uint32(32)
          w.bool(obj.truth)
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
            case 2: {
              obj.number = reader.double()
              break
            }
            case 3: {
              obj.text = reader.string()
              break
            }
            case 4: {
              obj.truth = reader.bool()
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
            case 2: {
              yield {
                field: `${prefix}.number`,
                value: reader.double()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.text`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.truth`,
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

  export interface HParamValueNumberFieldEvent {
    field: '$.number'
    value: number
  }

  export interface HParamValueTextFieldEvent {
    field: '$.text'
    value: string
  }

  export interface HParamValueTruthFieldEvent {
    field: '$.truth'
    value: boolean
  }

  export function encode (obj: Partial<HParamValue>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HParamValue.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HParamValue>): HParamValue {
    return decodeMessage(buf, HParamValue.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HParamValue>): Generator<HParamValueNumberFieldEvent | HParamValueTextFieldEvent | HParamValueTruthFieldEvent> {
    return streamMessage(buf, HParamValue.codec(), opts)
  }
}
