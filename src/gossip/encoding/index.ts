import { dtypeBytes } from '../../tensors/index.js'
import { bf16 } from './bf16.js'
import type { HeadEncoding } from './encoding.js'
import { f16 } from './f16.js'
import { f32 } from './f32.js'
import { int8 } from './int8.js'

/** Names of the encodings, as a manifest has them. */
export const encodingNames = ['f32', 'bf16', 'f16', 'int8'] as const

export type EncodingName = (typeof encodingNames)[number]

export const encodings: Readonly<Record<EncodingName, HeadEncoding>> = { f32, bf16, f16, int8 }

/** Bytes that one number takes on its way. */
export function encodingBytes(name: EncodingName): number {
  return dtypeBytes[encodings[name].dtype]
}

export type { Encoded, HeadEncoding, Pass } from './encoding.js'
