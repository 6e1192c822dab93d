/** Why a head was refused. */
export type RejectionReason =
  | 'NOT_A_NEIGHBOUR' // the sender is no peer from which we take heads in that round
  | 'WRONG_RUN' // another run id
  | 'OTHER_SUMS' // the sender sees its data by another sum than we: its weights mean something else
  | 'STALE_ROUND' // we are past it
  | 'FUTURE_ROUND' // further ahead than an honest peer can be
  | 'DUPLICATE' // the same head was sent before, or is just arriving
  | 'WRONG_LAYOUT' // other tensors than this run's head has
  | 'WRONG_SIZE' // not the exact number of bytes that the layout implies
  | 'OVERSIZE_FRAME' // a frame longer than the protocol allows
  | 'MALFORMED' // bytes that are no such message
  | 'NOT_FINITE' // NaN or infinity among the numbers
  | 'NORM_TOO_LARGE' // Euclidean norm above the run's limit
  | 'TIMEOUT' // not complete at its deadline
  | 'CUT_OFF' // the stream ended before the head did
  | 'TOO_MANY_STREAMS' // more streams at once than one peer needs
  | 'TOO_MANY_ATTEMPTS' // this head failed too often before

/** Thrown inside a pipeline stage to end it, and by a `take` of a head that was refused. */
export class Rejection extends Error {
  override readonly name = 'Rejection'

  constructor(readonly reason: RejectionReason) {
    super(reason)
  }
}

/** Was a head refused for what it holds? An honest sender has no other, so that a `take` need not wait any longer. */
export function isFinal(reason: string): boolean {
  return contents.has(reason)
}

const contents: ReadonlySet<string> = new Set([
  'WRONG_SIZE',
  'OVERSIZE_FRAME',
  'MALFORMED',
  'NOT_FINITE',
  'NORM_TOO_LARGE',
])

/** The reason of a failed pipeline: any error that is not our own verdict is the stream's end. */
export function reasonOf(error: unknown): RejectionReason {
  return error instanceof Rejection ? error.reason : 'CUT_OFF'
}
