export { bf16 } from './bf16.js'
export {
  type Codec,
  type EncodedSize,
  type Encoding,
  EncodingError,
  exactly,
  numberByNumber,
  type Pass,
} from './codec.js'
export { f16 } from './f16.js'
export { f32 } from './f32.js'
export { int8 } from './int8.js'
export type { CodecKind, EncodingSection } from './kind.js'
export { codingVectors, projected } from './projected.js'
export {
  borneGamma,
  codecNames,
  codecOf,
  type EncodingInput,
  encodingSchema,
  losesLittle,
  needsMemory,
  registerCodec,
  settledEncoding,
} from './registry.js'
export { byteOfScalar, bytesOfScalars, largestScalar, scalarOfByte, scalarsOfBytes } from './scalar-byte.js'
