import * as z from 'zod'
import { bf16 } from './bf16.js'
import type { Codec } from './codec.js'
import { f16 } from './f16.js'
import { f32 } from './f32.js'
import { int8 } from './int8.js'

/** Every codec by its name, in the order in which help and errors list them. */
const codecs = new Map<string, Codec>([f32, bf16, f16, int8].map(codec => [codec.name, codec]))

/**
 * Makes a codec known, so that a manifest's `encoding` may name it. To be called before the first manifest is read, in
 * every process that takes part: peers that do not know the name refuse the manifest. Threads that train need not know
 * it; numbers are encoded where the network is.
 *
 * @throws RangeError for a name that is taken or cannot stand in a manifest
 */
export function registerCodec(codec: Codec): void {
  const { name } = codec
  if (!/^[a-z][a-z0-9]{0,31}$/.test(name)) {
    throw new RangeError(`codec: the name ${JSON.stringify(name)} needs 1 to 32 lower-case letters and digits`)
  }
  if (codecs.has(name)) throw new RangeError(`codec: there is already one named ${name}; choose another name`)
  codecs.set(name, codec)
}

/** Names of the codecs that are known now. */
export function codecNames(): string[] {
  return [...codecs.keys()]
}

/** @throws RangeError for a name that is not registered, which {@link codecName} never lets through */
export function codecNamed(name: string): Codec {
  const codec = codecs.get(name)
  if (codec === undefined)
    throw new RangeError(`codec: ${JSON.stringify(name)} is not one of ${codecNames().join(', ')}`)
  return codec
}

/** The schema of a codec's name: any that is registered when a value is parsed, not when the schema is made. */
export const codecName = z.string().superRefine((name, context) => {
  if (!codecs.has(name)) context.addIssue({ code: 'invalid_value', values: codecNames(), input: name })
})
