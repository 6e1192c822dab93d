/** A place in a run: a gossip step of a round. */
export interface StepPosition {
  readonly round: number
  readonly step: number
}

/** Does this come before another? */
export function isBefore(a: StepPosition, b: StepPosition): boolean {
  return a.round < b.round || (a.round === b.round && a.step < b.step)
}
