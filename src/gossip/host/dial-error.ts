import { HearsayError } from '../../errors.js'
import type { NetworkKey } from './network-key.js'

/** How a handshake ends with a host that was reached and broke it off, or whose answers were noise. */
const handshakeFailed =
  /EncryptionFailed|MuxerUnavailable|ECONNRESET|EPIPE|hung up|StreamReset|StreamClosed|UnexpectedEOF|stream ended|closed/i

/** Noise may look like the beginning of a long message, of which the rest never comes. */
const silent = /TimeoutError|due to timeout/

/**
 * One line for a handshake that failed, which most often is a key that does not fit; a host with an allow-list hangs
 * up right after it. Any other error of a dial stays as libp2p reports it.
 */
export function explainDial(to: unknown, error: unknown, key: NetworkKey | undefined): unknown {
  const texts = flat(error).map(({ name, message }) => `${name}: ${message}`)
  const isBroken = texts.some(text => handshakeFailed.test(text))
  if (!isBroken && !texts.some(text => silent.test(text))) return error
  const where = [to].flat().join(', ')
  const what = isBroken ? 'was reached and broke off the handshake' : 'did not answer in time: no peer is there, or'
  const remedy =
    key === undefined
      ? 'its network has a key, or a list that you are not on: ask its members for the key file, or to be listed'
      : `its network key is another than ${key.fingerprint} (${key.source}): compare the fingerprints; or you are not on its list`
  return new HearsayError('NETWORK', `${where} ${what}${isBroken ? ';' : ''} ${remedy}`, { cause: error })
}

function flat(error: unknown): Error[] {
  if (error instanceof AggregateError) return [error, ...error.errors.flatMap(flat)]
  return error instanceof Error ? [error] : []
}
