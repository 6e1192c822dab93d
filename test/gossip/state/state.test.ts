import type { Stream } from '@libp2p/interface'
import fc from 'fast-check'
import * as lengthPrefixed from 'it-length-prefixed'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StateHeader } from '../../../src/gossip/generated/state.js'
import {
  createState,
  digestOf,
  type HearsayHost,
  requestState,
  type StateInit,
  StateRefused,
  type StateService,
  stateProtocol,
} from '../../../src/gossip/index.js'
import { connect, never, startHost, until } from '../hosts.js'

const runId = new Uint8Array(32).fill(3)
const manifest = new TextEncoder().encode('{"rounds":3}')
const view = (asker: string): Uint8Array => new TextEncoder().encode(`you are ${asker}`)
const { limits } = stateProtocol

interface Sides {
  readonly peer: HearsayHost
  readonly newcomer: HearsayHost
  readonly service: StateService
}

/** A peer that answers, and one that is connected to it. The digest of its manifest is not looked at here. */
async function startSides(init: Partial<StateInit> = {}, transport: 'tcp' | 'memory' = 'memory'): Promise<Sides> {
  const [peer, newcomer] = await Promise.all([startHost(transport), startHost(transport)])
  const runOfManifest = await digestOf(manifest)
  const service = createState({ runId: runOfManifest, manifest, head: () => undefined, view, ...init })({ node: peer })
  await service.start()
  await service.start()
  onTestFinished(() => service.stop())
  await connect(newcomer, peer)
  return { peer, newcomer, service }
}

const ask = (
  { peer, newcomer }: Sides,
  what: 'MANIFEST' | 'VIEW' | 'HEAD',
  { limitBytes = 1_000_000, run = undefined as Uint8Array | undefined, signal = never } = {},
): ReturnType<typeof requestState> =>
  requestState(newcomer, peer.peerId, { what, limitBytes, ...(run && { runId: run }) }, signal)

const refusal = (code: StateRefused['code']): unknown => expect.objectContaining({ name: 'StateRefused', code })

describe('a newcomer', () => {
  it('asks for the manifest of whatever run a peer is in, or of the one it means', async () => {
    const sides = await startSides()
    expect((await ask(sides, 'MANIFEST')).bytes).toEqual(manifest)
    const run = await digestOf(manifest)
    const answer = await ask(sides, 'MANIFEST', { run })
    expect({ ...answer, digest: Uint8Array.from(answer.digest) }).toEqual({ bytes: manifest, digest: run, round: 0 })
    await expect(ask(sides, 'MANIFEST', { run: runId })).rejects.toEqual(refusal('WRONG_RUN'))
    expect(sides.service.sentBytes).toBeGreaterThan(2 * manifest.length)
  })

  it('asks who is there, for itself, in a run that it names', async () => {
    const sides = await startSides({ runId })
    const { bytes } = await ask(sides, 'VIEW', { run: runId })
    expect(new TextDecoder().decode(bytes)).toBe(`you are ${sides.newcomer.peerId}`)
    await expect(ask(sides, 'VIEW')).rejects.toEqual(refusal('MALFORMED'))
  })

  it('gets a head of several frames whole, over TCP too, and learns when there is none yet', async () => {
    let head: Awaited<ReturnType<NonNullable<StateInit['head']>>>
    const sides = await startSides({ runId, head: () => head }, 'tcp')
    await expect(ask(sides, 'HEAD', { run: runId })).rejects.toEqual(refusal('NOTHING_YET'))
    const bytes = Uint8Array.from({ length: 3 * limits.frameBytes + 7 }, (_, at) => at % 251)
    head = { bytes, digest: await digestOf(bytes), round: 12 }
    const got = await ask(sides, 'HEAD', { run: runId })
    expect(Buffer.compare(got.bytes, bytes)).toBe(0)
    expect(got.round).toBe(12)
  })

  it('reads no more than it asked for', async () => {
    const sides = await startSides()
    expect((await ask(sides, 'MANIFEST', { limitBytes: manifest.length })).bytes).toEqual(manifest)
    await expect(ask(sides, 'MANIFEST', { limitBytes: manifest.length - 1 })).rejects.toEqual(refusal('BROKEN'))
  })

  it('is told when it may not know', async () => {
    const sides = await startSides({ admits: () => false })
    await expect(ask(sides, 'MANIFEST')).rejects.toEqual(refusal('NOT_ADMITTED'))
  })

  it('stops asking when its signal says so, or nobody is there', async () => {
    const sides = await startSides()
    const reason = new Error('enough')
    await expect(ask(sides, 'MANIFEST', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await sides.peer.handle(stateProtocol.id, () => {}, { force: true })
    const control = new AbortController()
    const asked = ask(sides, 'MANIFEST', { signal: control.signal })
    setTimeout(() => control.abort(reason), 50)
    await expect(asked).rejects.toBe(reason)
    await sides.peer.stop()
    await expect(ask(sides, 'MANIFEST')).rejects.toThrow()
  })
})

describe('a peer that is asked', () => {
  it('answers so many at once, and one question of each', async () => {
    const sides = await startSides()
    const others = await Promise.all(Array.from({ length: limits.askingPeers }, () => startHost()))
    for (const other of others) await connect(other, sides.peer)
    // They open a stream and say nothing: each holds its place until the deadline.
    const silent: Stream[] = []
    for (const other of others) silent.push(await other.dialProtocol(sides.peer.peerId, stateProtocol.id))
    const handled = (): number =>
      sides.peer
        .getConnections()
        .flatMap(({ streams }) => streams.filter(({ protocol }) => protocol === stateProtocol.id)).length
    await until(() => handled() === others.length)
    await expect(ask(sides, 'MANIFEST')).rejects.toEqual(refusal('TOO_BUSY'))
    for (const stream of silent) stream.abort(new Error('enough'))
    await until(() => handled() === 0)
    expect((await ask(sides, 'MANIFEST')).bytes).toEqual(manifest)
  })

  it('survives any bytes', async () => {
    const sides = await startSides()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean(), async (bytes, framed) => {
        const stream = await sides.newcomer.dialProtocol(sides.peer.peerId, stateProtocol.id)
        try {
          stream.send(framed ? lengthPrefixed.encode.single(bytes) : bytes)
          await stream.close()
        } catch {
          // It hung up in the middle, as it may.
        }
        stream.abort(new Error('enough'))
      }),
      { numRuns: 40 },
    )
    await until(() =>
      sides.newcomer
        .getConnections()
        .every(({ streams }) => streams.every(({ protocol }) => protocol !== stateProtocol.id)),
    )
    for (;;) {
      const answer = await ask(sides, 'MANIFEST').catch(error => error as StateRefused)
      // The last stream may still be on its way out.
      if (answer instanceof StateRefused && answer.code === 'TOO_BUSY') continue
      expect(answer).toMatchObject({ bytes: manifest })
      break
    }
  })

  it('stops in the middle of an answer, and answers no more', async () => {
    const bytes = new Uint8Array(8 * 1024 * 1024)
    const head = { bytes, digest: await digestOf(bytes), round: 1 }
    const sides = await startSides({ runId, head: () => head })
    const stream = await sides.newcomer.dialProtocol(sides.peer.peerId, stateProtocol.id)
    // Asks for the head, and never reads it.
    stream.pause()
    const asked = ask(sides, 'HEAD', { run: runId, limitBytes: bytes.length })
    asked.catch(() => {})
    await sides.service.stop()
    await sides.service.stop()
    await asked.catch(() => {})
    await expect(ask(sides, 'HEAD', { run: runId })).rejects.toThrow()
  })
})

describe('an answer that does not hold together', () => {
  const header = (fields: Partial<StateHeader>): Uint8Array =>
    StateHeader.encode({
      code: StateHeader.Code.HERE,
      payloadBytes: 4,
      digest: new Uint8Array(32),
      round: 0,
      ...fields,
    })

  it.each<[string, () => Uint8Array[]]>([
    ['is empty', () => []],
    ['is noise', () => [Uint8Array.of(255, 255, 255)]],
    ['has a header of more than a header’s length', () => [new Uint8Array(limits.firstFrameBytes + 1)]],
    ['promises more than was asked for', () => [header({ payloadBytes: 101 })]],
    ['promises nothing', () => [header({ payloadBytes: 0 })]],
    ['has half a digest', () => [header({ digest: new Uint8Array(16) }), new Uint8Array(4)]],
    ['ends too early', () => [header({}), new Uint8Array(3)]],
    ['goes on too long', () => [header({}), new Uint8Array(5)]],
    ['has a frame of more than a frame’s length', () => [header({}), new Uint8Array(limits.frameBytes + 1)]],
    ['has another digest than its bytes', () => [header({}), new Uint8Array(4)]],
  ])('is refused when it %s', async (_, frames) => {
    const [liar, newcomer] = await Promise.all([startHost(), startHost()])
    await liar.handle(stateProtocol.id, async stream => {
      for (const bytes of frames()) stream.send(lengthPrefixed.encode.single(bytes))
      await stream.close()
    })
    await connect(newcomer, liar)
    const asked = requestState(newcomer, liar.peerId, { what: 'MANIFEST', limitBytes: 100 }, never)
    await expect(asked).rejects.toEqual(refusal('BROKEN'))
  })
})
