import { createHash, randomBytes } from 'node:crypto'
import type { ConnectionProtector, MessageStream } from '@libp2p/interface'
import { preSharedKey } from '@libp2p/pnet'
import type { Uint8ArrayList } from 'uint8arraylist'
import { equals } from 'uint8arrays/equals'
import { HearsayError } from '../../errors.js'
import { command } from '../../shell.js'

/** The key of a private network, checked. */
export interface NetworkKey {
  /** The text as libp2p takes it. */
  readonly text: string
  /** 16 hexadecimal digits by which people compare keys without showing them. */
  readonly fingerprint: string
  /** Where it was read, for messages. */
  readonly source: string
}

const header = '/key/swarm/psk/1.0.0/'
const encoding = '/base16/'
const keyBytes = 32

/** A file with a key has about a hundred bytes; whatever is longer is another file. */
export const keyFileLimitBytes = 1024

/** What every connection sends first once it is decrypted: a length and the name of multistream-select. */
const greeting = Buffer.from('\x13/multistream/1.0.0\n')

/** A new key, as the text of a file that go-libp2p, IPFS and others read too. */
export function newNetworkKey(): string {
  return `${header}\n${encoding}\n${randomBytes(keyBytes).toString('hex')}\n`
}

/**
 * Reads the text of a key file.
 *
 * @param source - the file's name, for the message
 * @throws {@link HearsayError} NETWORK
 */
export function parseNetworkKey(text: string, source: string): NetworkKey {
  const [first, second, key, ...rest] = text.split(/\r\n|\n|\r/).map(line => line.trim())
  const wrong =
    text.length > keyFileLimitBytes
      ? `is longer than ${keyFileLimitBytes} bytes`
      : first !== header
        ? `does not begin with ${header}`
        : second !== encoding
          ? `does not have ${encoding} in its second line`
          : key === undefined || !/^[0-9a-f]{64}$/i.test(key)
            ? 'does not have 64 hexadecimal digits in its third line'
            : rest.some(line => line !== '')
              ? 'has more than three lines'
              : undefined
  if (wrong !== undefined || key === undefined) {
    throw new HearsayError(
      'NETWORK',
      `is no network key, it ${wrong}; make one with "${command('key new')}" and give every member the same file`,
      { source },
    )
  }
  const digits = key.toLowerCase()
  return { text: `${header}\n${encoding}\n${digits}`, fingerprint: fingerprintOf(digits), source }
}

function fingerprintOf(digits: string): string {
  // Derived from a hash: parts of the key itself would be a gift to a person that reads over the shoulder.
  const hash = createHash('sha256').update('hearsay network key').update(digits).digest('hex')
  return hash.slice(0, 16).replace(/(.{4})(?=.)/g, '$1-')
}

/**
 * Encrypts every connection with the key, as libp2p's own protector does and so that both understand each other, but
 * the side that was dialled sends nothing first and looks at what it decrypts:
 *
 * - @libp2p/websockets 10 listens for messages only some time after the socket is open, and loses those that were
 *   there before. A dialled side that sends its nonce at once made every such connection hang.
 * - With another key both sides read noise and wait for the rest of it until their time-outs. The greeting is known, so
 *   the dialled side sees it at once and hangs up.
 */
export function keyProtector(key: NetworkKey): () => ConnectionProtector {
  const create = preSharedKey({ psk: Buffer.from(key.text) })
  return () => {
    const inner = create()
    return {
      async protect(connection, options) {
        if (connection.direction === 'outbound') return inner.protect(connection, options)
        await peek(connection, options?.signal)
        const decrypted = await inner.protect(connection, options)
        const first = await peek(decrypted, options?.signal)
        const compared = Math.min(first.length, greeting.length)
        if (!equals(first.subarray(0, compared), greeting.subarray(0, compared))) {
          const error = new Error('The other side has another network key, or none')
          decrypted.abort(error)
          throw error
        }
        return decrypted
      },
    }
  }
}

/** The first bytes that come; the next reader gets them again. */
async function peek(stream: MessageStream, signal: AbortSignal | undefined): Promise<Uint8Array> {
  signal?.throwIfAborted()
  const data = await new Promise<Uint8Array | Uint8ArrayList>((resolve, reject) => {
    const settle = (end: () => void): void => {
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      end()
    }
    const onMessage = (event: { data: Uint8Array | Uint8ArrayList }): void => settle(() => resolve(event.data))
    const onClose = (): void => settle(() => reject(new Error('The other side hung up')))
    const onAbort = (): void => settle(() => reject(signal?.reason))
    stream.addEventListener('close', onClose)
    signal?.addEventListener('abort', onAbort)
    stream.addEventListener('message', onMessage)
    if (stream.status !== 'open' && stream.readBufferLength === 0) onClose()
  })
  stream.unshift(data)
  return data.subarray()
}
