import * as z from 'zod'
import type { Codec } from './codec.js'

/** The manifest's section `encoding` once it is settled: a codec's name, and every number that it takes. */
export interface EncodingSection {
  readonly codec: string
  /** What becomes of what the codec loses. @default it is lost */
  readonly memory?: 'choco' | 'feedback' | undefined
  /** Of f32 handed to neighbours: compressed to the same bits on its way. @default as it is */
  readonly slim?: boolean | undefined
  /** γ of CHOCO: there with it, and not without. */
  readonly gamma?: number | undefined
}

/** A codec with numbers of its own: what a manifest may write of it, and the codec that follows. */
export interface CodecKind<S extends EncodingSection = EncodingSection> {
  /** As the manifest's `encoding` has it: lower-case letters and digits, a letter first. */
  readonly name: string
  /** What it is, in a line, for help and docs. */
  readonly says: string
  /** Of the section: `codec` is the name, and every other field has a default, so that the name alone will do. */
  readonly schema: z.ZodType<S>
  /**
   * What it leaves out must be sent later, which takes a memory: a whole model that has come through it alone is none.
   */
  readonly needsMemory?: true
  /** @param section - settled */
  of(section: S): Codec
  /**
   * γ with which CHOCO's merges contract on graphs of any kind: the more a codec loses, the smaller.
   *
   * @param section - settled but for γ
   * @returns 0 where the error is larger than the vector that it is of: what a memory adds up then grows without bound
   * @default 1, for codecs that lose a hundredth of a number at most
   */
  gamma?(section: S): number
}

/** The kind of a codec that takes no numbers. */
export function withoutNumbers(codec: Codec, says: string): CodecKind {
  const { name } = codec
  return { name, says, schema: z.strictObject({ codec: z.literal(name) }), of: () => codec }
}
