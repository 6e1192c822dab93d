import * as z from 'zod'
import { orOneWord } from '../validation.js'
import { bf16 } from './bf16.js'
import type { Codec } from './codec.js'
import { f16 } from './f16.js'
import { f32Kind } from './f32.js'
import { int8 } from './int8.js'
import { type CodecKind, type EncodingSection, withoutNumbers } from './kind.js'
import { memoryFields } from './memory.js'
import { qsgd } from './qsgd.js'
import { randk } from './randk.js'
import { sign } from './sign.js'
import { topk } from './topk.js'
import { topk2bit } from './topk2bit.js'

/** Every kind of codec by its name, in the order in which help and errors list them. */
const kinds = new Map<string, CodecKind>(
  [
    f32Kind,
    withoutNumbers(bf16, '2 bytes a number: an error of 0.4 % at most, over the whole range of float32'),
    withoutNumbers(f16, '2 bytes a number: an error of 0.05 % at most, from 6e-5 to 65504'),
    withoutNumbers(int8, '1 byte a number: an error of 0.4 % at most of the largest in its tensor'),
    qsgd,
    topk,
    topk2bit,
    randk,
    sign,
  ].map(kind => [kind.name, kind as unknown as CodecKind]),
)

/**
 * Makes a codec known, so that a manifest's `encoding` may name it. To be called before the first manifest is read, in
 * every process that takes part: peers that do not know the name refuse the manifest. Threads that train need not know
 * it; numbers are encoded where the network is.
 *
 * @param codec - one that takes no numbers, or the kind of those that do
 * @throws RangeError for a name that is taken or cannot stand in a manifest
 */
export function registerCodec<S extends EncodingSection>(codec: Codec | CodecKind<S>): void {
  const { name } = codec
  if (!/^[a-z][a-z0-9]{0,31}$/.test(name)) {
    throw new RangeError(`codec: the name ${JSON.stringify(name)} needs 1 to 32 lower-case letters and digits`)
  }
  if (kinds.has(name)) throw new RangeError(`codec: there is already one named ${name}; choose another name`)
  const kind = 'of' in codec ? (codec as unknown as CodecKind) : withoutNumbers(codec, 'Registered by a program')
  kinds.set(name, kind)
}

/** Names of the codecs that are known now. */
export function codecNames(): string[] {
  return [...kinds.keys()]
}

/**
 * The codec of a section that has been checked.
 *
 * @throws RangeError for a name that is not registered, which {@link encodingSchema} never lets through
 */
export function codecOf(section: EncodingSection): Codec {
  return kindNamed(section.codec).of(section)
}

/** Does what it leaves out have to be sent later? See {@link CodecKind.needsMemory}. */
export function needsMemory({ codec }: EncodingSection): boolean {
  return kindNamed(codec).needsMemory === true
}

/** The section with γ, where CHOCO has need of it and nobody has set it. Idempotent. */
export function settledEncoding<S extends EncodingSection>(section: S): S {
  if (section.memory !== 'choco' || section.gamma !== undefined) return section
  return { ...section, gamma: borneGamma(section) }
}

/** Does it lose a hundredth of a number at most? */
export function losesLittle({ codec }: EncodingSection): boolean {
  return kindNamed(codec).gamma === undefined
}

/** The γ that a codec bears on graphs of any kind; 0 where no memory may go with it. See {@link CodecKind.gamma}. */
export function borneGamma(section: EncodingSection): number {
  return kindNamed(section.codec).gamma?.(section) ?? 1
}

function kindNamed(name: string): CodecKind {
  const kind = kinds.get(name)
  if (kind === undefined)
    throw new RangeError(`codec: ${JSON.stringify(name)} is not one of ${codecNames().join(', ')}`)
  return kind
}

/** The section as a person writes it. */
export type EncodingInput = string | (EncodingSection & { readonly [field: string]: unknown })

/**
 * The manifest's section `encoding`: a codec's name, or an object with that name as `codec` and what is to differ from
 * its own numbers. Comes out as the object, with every number filled in. It has the codecs that are registered by now.
 */
export function encodingSchema(): z.ZodType<EncodingSection, EncodingInput> {
  const [first, ...others] = [...kinds.values()].map(
    ({ schema, says }) => (schema as unknown as z.ZodObject).safeExtend(memoryFields).meta({ says }) as z.ZodObject,
  )
  return orOneWord('codec', z.discriminatedUnion('codec', [first!, ...others])) as unknown as z.ZodType<
    EncodingSection,
    EncodingInput
  >
}
