/**
 * How long each phase of an exchange over one stream may take, on either side, in milliseconds; `Infinity` for as long
 * as it takes.
 */
export interface StreamDeadlines {
  /**
   * Reaching the peer and agreeing on the protocol.
   * @default 5000: a working network needs a few round trips
   */
  readonly dialMs: number
  /**
   * From the opening of a stream to its whole header.
   * @default 5000: a stranger that opens streams and is silent holds each no longer than this
   */
  readonly firstByteMs: number
  /**
   * From the header to the answer.
   * @default 60000: 100 MB at 15 Mbit/s
   */
  readonly transferMs: number
  /** The other side closes its end of a finished stream, or it is reset. @default 1000 */
  readonly closeMs: number
}
