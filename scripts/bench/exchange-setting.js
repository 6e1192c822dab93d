import { yamux } from '@chainsafe/libp2p-yamux'
import { plaintext } from '@libp2p/plaintext'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { codecOf, encodingSchema } from '../../dist/codec/index.js'
import { layoutOf } from '../../dist/tensors/index.js'

/** What both processes of the exchange bench agree on: each head has a pair of hosts of its own. */
export const heads = [
  ...['f32', 'bf16', 'f16', 'int8'].map(encoding => ({ encoding, layout: layoutOfSize(2 ** 21) })),
  { encoding: 'f32', layout: layoutOfSize(11_250_000) },
]
export const bytesOf = layout => layout.size * Float32Array.BYTES_PER_ELEMENT
export const listen = ['/ip4/127.0.0.1/tcp/0']
export const handoverInit = ({ encoding, layout }) => ({
  runId: new Uint8Array(32).fill(7),
  layout,
  codec: codecOf(encodingSchema().parse(encoding)),
  normLimit: 1e9,
  admit: () => undefined,
})

/** A started host whose streams are as those of ours, but nothing is encrypted: the floor of a stream. */
export function createPlaintextHost() {
  const window = 1024 * 1024
  return createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [plaintext()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: window, maxReadBufferLength: window } })],
  })
}

function layoutOfSize(size) {
  return layoutOf([{ name: 'output/kernel', shape: [size] }])
}
