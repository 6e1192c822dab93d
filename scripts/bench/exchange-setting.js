import { codecNamed } from '../../dist/codec/index.js'
import { layoutOf } from '../../dist/tensors/index.js'

/** What both processes of the exchange bench agree on. */
export const layout = layoutOf([{ name: 'output/kernel', shape: [2 ** 21] }])
export const encodings = ['f32', 'bf16', 'f16', 'int8']
export const listen = ['/ip4/127.0.0.1/tcp/0']
export const handoverInit = encoding => ({
  runId: new Uint8Array(32).fill(7),
  layout,
  codec: codecNamed(encoding),
  normLimit: 1e9,
  admit: () => undefined,
})
