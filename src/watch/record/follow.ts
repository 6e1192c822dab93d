import { createRecord } from './record.js'
import type { MemberRecord, RoundRecord, RunRecord } from './shape.js'

/** Follows a run and hands on its rounds as they end, without keeping them. */
export interface Following {
  /** Adds an event. @returns the round that it ends */
  add(event: { readonly type: string; readonly round: number }): RoundRecord | undefined
  members(): readonly MemberRecord[]
  /** What the run has besides its rounds: the baselines. */
  rest(): RunRecord
}

export function followRun(): Following {
  const record = createRecord()
  // A round of a simulation is over once it is over for all peers; in the field there is one peer whose events these are.
  let ending = 'ended'
  return {
    add(event) {
      record.add(event)
      if (event.type === 'begin') ending = 'round'
      return event.type === ending ? record.take(event.round) : undefined
    },
    members: record.members,
    rest: record.record,
  }
}

/** The rounds of a record that are over: of a run that was interrupted, the last one may not be. */
export function roundsOver({ run, rounds }: RunRecord): RoundRecord[] {
  const isSimulation = run !== null
  return rounds.filter(({ whole, columns }) =>
    isSimulation ? whole !== null : columns.roundSeconds.some(seconds => seconds !== null),
  )
}
