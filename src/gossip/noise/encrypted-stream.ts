import type { AbortOptions, MessageStream } from '@libp2p/interface'
import { AbstractMessageStream, type SendResult } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import type { Cipher } from './cipher.js'
import { createFrameReader, encryptFrames, type FrameReader } from './frames.js'

/** What libuv reads at a time. A read as long as this has more behind it, which comes in the same turn. */
const readBytes = 64 * 1024

/**
 * What comes fast is decrypted together, but no more than this: a third of a millisecond, and as many bytes as a reader
 * of ours lets wait (gossip/stream/stream.ts).
 */
const batchBytes = 256 * 1024

/**
 * A stream whose bytes go over another one encrypted.
 *
 * A packet for every write and a way through all layers for every packet cost as much as the cipher: so what is
 * written at once leaves in one buffer, what was read in a row is handed on together, and what that makes the layers
 * above write, most of all Yamux's update of a window for each of its frames, leaves together. What is short is handed
 * on as soon as it is there: a reset that came right behind an answer must not overtake the one that waits for it.
 */
class EncryptedStream extends AbstractMessageStream {
  readonly #stream: MessageStream
  readonly #sending: Cipher
  readonly #reader: FrameReader
  #isDelivering = false
  #next: NodeJS.Immediate | undefined

  constructor(stream: MessageStream, sending: Cipher, receiving: Cipher) {
    const { log, inactivityTimeout, maxReadBufferLength, direction } = stream
    super({ log, inactivityTimeout, maxReadBufferLength, direction })
    this.#stream = stream
    this.#sending = sending
    this.#reader = createFrameReader(receiving)
    stream.addEventListener('message', ({ data }) => this.#receive(data))
    stream.addEventListener('drain', () => this.safeDispatchEvent('drain'))
    stream.addEventListener('remoteCloseWrite', () => {
      this.#deliver()
      this.onRemoteCloseWrite()
    })
    stream.addEventListener('close', event => {
      this.#deliver()
      if (event.error === undefined) this.onTransportClosed()
      else if (event.local === true) this.abort(event.error)
      else this.onRemoteReset()
    })
  }

  #receive(data: Uint8Array | Uint8ArrayList): void {
    for (const piece of data instanceof Uint8Array ? [data] : data) this.#reader.add(piece)
    if (data.byteLength < readBytes || this.#reader.waitingBytes >= batchBytes) this.#deliver()
    else this.#next ??= setImmediate(() => this.#deliver())
  }

  /** Decrypts and hands on all that is there. */
  #deliver(): void {
    clearImmediate(this.#next)
    this.#next = undefined
    // A reader may close the stream below while it is handed something.
    if (this.#isDelivering || this.readStatus === 'closed') return
    this.#isDelivering = true
    try {
      this.onData(new Uint8ArrayList(...this.#reader.decrypt()))
      this.#isDelivering = false
      this.processSendQueue()
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#isDelivering = false
    }
  }

  protected override processSendQueue(): boolean {
    return this.#isDelivering ? !this.writableNeedsDrain : super.processSendQueue()
  }

  override sendData(data: Uint8ArrayList): SendResult {
    const sentBytes = data.byteLength
    return { sentBytes, canSendMore: this.#stream.send(encryptFrames(this.#sending, data, sentBytes)) }
  }

  override sendReset(error: Error): void {
    this.#stream.abort(error)
  }

  override sendPause(): void {
    this.#stream.pause()
  }

  override sendResume(): void {
    this.#stream.resume()
  }

  override close(options?: AbortOptions): Promise<void> {
    return this.#stream.close(options)
  }
}

/**
 * A stream over another one, on which both sides have shaken hands.
 *
 * @param sending - what the other side's `receiving` decrypts
 */
export function encryptedStream(stream: MessageStream, sending: Cipher, receiving: Cipher): MessageStream {
  return new EncryptedStream(stream, sending, receiving)
}
