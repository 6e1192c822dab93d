import { HearsayError } from '../../errors.js'
import type { NetworkKey } from './key.js'

/** How a handshake ends with somebody who was reached and did not like it, or whose answers were noise. */
const handshakeFailed =
  /EncryptionFailed|MuxerUnavailable|ECONNRESET|EPIPE|hung up|StreamReset|StreamClosed|UnexpectedEOF|stream ended|closed/i

/**
 * One line for a handshake that failed, which most often is a key that does not fit; somebody who has a list hangs up
 * right behind it. Whatever else is wrong with a dial stays as libp2p says it.
 */
export function explainDial(to: unknown, error: unknown, key: NetworkKey | undefined): unknown {
  const texts = flat(error).map(({ name, message }) => `${name}: ${message}`)
  if (!texts.some(text => handshakeFailed.test(text))) return error
  const where = [to].flat().join(', ')
  const remedy =
    key === undefined
      ? 'its network has a key, or a list that you are not on: ask its members for the key file, or to be listed'
      : `its network key is another than ${key.fingerprint} (${key.source}): compare the fingerprints; or you are not on its list`
  return new HearsayError('NETWORK', `${where} was reached and broke off the handshake; ${remedy}`, { cause: error })
}

function flat(error: unknown): Error[] {
  if (error instanceof AggregateError) return [error, ...error.errors.flatMap(flat)]
  return error instanceof Error ? [error] : []
}
