import { createCipheriv, createHash, hkdfSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { createMaskKey, seededMaskKey } from '../../../src/gossip/masks/mask.js'
import { type NoisePeers, noiseDigest, pairWords } from '../../../src/gossip/masks/pair-noise.js'

const runId = new Uint8Array(32).fill(9)
const [anna, bert, carl] = [1, 2, 3].map(seed => seededMaskKey(new Uint8Array(32).fill(seed))) as [
  ReturnType<typeof createMaskKey>,
  ReturnType<typeof createMaskKey>,
  ReturnType<typeof createMaskKey>,
]
const peers: NoisePeers = {
  runId,
  round: 12,
  keys: new Map([
    ['anna', anna.publicKey],
    ['bert', bert.publicKey],
    ['carl', carl.publicKey],
  ]),
  edges: [
    [0, 1],
    [1, 2],
  ],
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

it('is bound to run, round, peers, keys and edges, as docs/wire.md has it', () => {
  const text = `anna ${hex(anna.publicKey)}\nbert ${hex(bert.publicKey)}\ncarl ${hex(carl.publicKey)}\n0 1\n1 2\n`
  const hash = createHash('sha256').update('hearsay pair noise 1\n').update(runId).update(`12\n${text}`).digest('hex')
  expect(hex(noiseDigest(peers))).toBe(hash)
  const others: NoisePeers[] = [
    { ...peers, runId: new Uint8Array(32) },
    { ...peers, round: 13 },
    { ...peers, edges: [[0, 1]] },
    { ...peers, keys: new Map([...peers.keys].slice(0, 2)) },
    { ...peers, keys: new Map([...peers.keys, ['carl', createMaskKey().publicKey]]) },
  ]
  expect(new Set([peers, ...others].map(noiseDigest).map(hex)).size).toBe(6)
})

it('has the words of both peers of a pair alike, and of no mask', () => {
  const digest = noiseDigest(peers)
  const [hers, his] = [anna.secretWith(bert.publicKey)!, bert.secretWith(anna.publicKey)!]
  const drawn = (
    [
      [hers, ['anna', 'bert']],
      [his, ['bert', 'anna']],
    ] as const
  ).map(([secret, pair]) => {
    const words = pairWords(secret, digest, pair)
    // In pieces of whatever length.
    const [some, more] = [new Uint32Array(5), new Uint32Array(3)]
    words(some)
    words(more)
    return [...some, ...more]
  })
  expect(drawn[0]).toEqual(drawn[1])
  const key = Buffer.from(hkdfSync('sha256', hers, digest, 'hearsay pair noise anna bert', 32))
  const bytes = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(32))
  expect(drawn[0]).toEqual(Array.from({ length: 8 }, (_, at) => bytes.readUInt32LE(4 * at)))
})

it('has in a simulation the same keys again', () => {
  const again = seededMaskKey(new Uint8Array(32).fill(1))
  expect(again.publicKey).toEqual(anna.publicKey)
  expect(again.secretWith(bert.publicKey)).toEqual(bert.secretWith(anna.publicKey))
})
