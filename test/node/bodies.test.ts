import { expect, it, onTestFinished } from 'vitest'
import { type Dataset, loadDataset, type Samples } from '../../src/data/index.js'
import type { ModelSpec } from '../../src/learner/index.js'
import { createIdentity, createPeer, type Peer, type PeerEvent, parseManifest } from '../../src/node/index.js'

const digits = await loadDataset({ set: 'digits' }, 1)
/** The same digits as 4×4 images, each pixel the mean of four. */
const small: Dataset = {
  ...digits,
  name: 'small digits',
  inputShape: [4, 4, 1],
  train: halved(digits.train),
  test: halved(digits.test),
}

function halved(samples: Samples): Samples {
  const inputs = new Float32Array(new SharedArrayBuffer(samples.size * 16 * Float32Array.BYTES_PER_ELEMENT))
  for (let i = 0; i < samples.size; i++) {
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) inputs[16 * i + 4 * (y >> 1) + (x >> 1)]! += samples.inputs[64 * i + 8 * y + x]! / 4
    }
  }
  return { ...samples, inputs }
}

/** A peer on loopback with data of its own. */
async function peerOf(name: string, body: ModelSpec, own: Dataset, others: readonly Peer[] = []): Promise<Peer> {
  const peer = await createPeer({
    manifest: parseManifest({
      data: 'digits',
      merge: 'mixture',
      model: body,
      task: { inputShape: [...digits.inputShape], classes: [...digits.classes] },
      minPeers: 2,
      rounds: 2,
      training: { epochs: 4 },
    }),
    identity: await createIdentity(),
    name,
    data: { own },
    listen: ['/ip4/127.0.0.1/tcp/0'],
    contacts: others.flatMap(other => other.addresses()),
    backend: 'wasm',
  })
  onTestFinished(() => peer.stop())
  return peer
}

async function eventsOf(peer: Peer): Promise<PeerEvent[]> {
  const events: PeerEvent[] = []
  for await (const event of peer.run()) events.push(event)
  return events
}

it('peers of a mixture see images of different sizes, each with a body that fits its own', async () => {
  const body: ModelSpec = { kind: 'mlp', hidden: [16], head: 'output' }
  const large = await peerOf('large', body, digits)
  const other = await peerOf('small', body, small, [large])
  expect([large, other].map(({ layout }) => layout.tensors[0]!.shape)).toEqual([
    [64, 16],
    [16, 16],
  ])
  for (const events of await Promise.all([large, other].map(eventsOf))) {
    const tested = events.findLast(event => event.type === 'evaluated')!
    expect(Object.keys(tested.perPeer!.weights!)).toHaveLength(2)
    expect(tested.accuracy).toBeGreaterThan(0.5)
  }
  for (const { counters } of [large, other]) expect(counters.rejected).toEqual({})
})

it('a body whose head follows from the size of its images is refused at once', async () => {
  await expect(peerOf('small', { kind: 'logistic', head: 'output' }, small)).rejects.toThrow(
    /head is output\/kernel 16×10.* and the run's output\/kernel 64×10/,
  )
})
