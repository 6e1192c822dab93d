import { type Codec, codecOf, encodingSchema } from '../../src/codec/index.js'

/** A registered codec with its own numbers. */
export const codecNamed = (name: string): Codec => codecOf(encodingSchema().parse(name))
