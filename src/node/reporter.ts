import type { NamedPeer } from './events.js'
import type { Manifest } from './manifest.js'
import type { RunEvent } from './run-events.js'

/** A run that is about to begin, or to be resumed. */
export interface ReportedRun {
  /** The run's id, in hex. */
  readonly id: string
  readonly manifest: Manifest
  /** Rounds that were completed before: 0 unless the run is resumed. */
  readonly rounds: number
  /** The peers that take part: in a simulation all, in the field this one; the event `members` has the others. */
  readonly members: readonly NamedPeer[]
  /** Names of the classes, in the order of the outputs. */
  readonly classes: readonly string[]
  /** Does a simulation also run its baselines after its rounds: each peer alone, and all data in one place? */
  readonly baselines: boolean
}

/** How a run, or this part of it, ended. */
export interface RunEnd<Summary = unknown> {
  /** `interrupted` by its signal, or because its events are no longer read; `failed` with an error. */
  readonly how: 'finished' | 'interrupted' | 'failed'
  /** The results of a simulation that did not fail. */
  readonly summary?: Summary
}

/**
 * Watches a run. The run waits for what its functions return, and the run's caller receives an event after them. If one
 * throws, the process emits one warning; the reporter is not called again, and the run continues without it.
 */
export interface Reporter<Summary = unknown> {
  /** Before the first event. */
  onBegin?(run: ReportedRun): void | Promise<void>
  onEvent?(event: RunEvent): void | Promise<void>
  /** After the last event, however the run ended. */
  onEnd?(end: RunEnd<Summary>): void | Promise<void>
}

export interface ReportingInit<Result, Summary> {
  readonly run: ReportedRun
  readonly reporters: readonly Reporter<Summary>[]
  /** How the run ended, from its result. */
  readonly endOf: (result: Result) => RunEnd<Summary>
  readonly signal: AbortSignal
}

/** Passes a run's events on, each after all reporters have received it. */
export async function* reported<Event extends RunEvent, Result, Summary>(
  events: AsyncGenerator<Event, Result, undefined>,
  { run, reporters, endOf, signal }: ReportingInit<Result, Summary>,
): AsyncGenerator<Event, Result, undefined> {
  if (reporters.length === 0) return yield* events
  const listening = new Set(reporters)
  const tell = async (how: (reporter: Reporter<Summary>) => void | Promise<void>): Promise<void> => {
    for (const reporter of listening) {
      try {
        await how(reporter)
      } catch (error) {
        listening.delete(reporter)
        process.emitWarning(
          `A reporter failed and is not called again: ${error instanceof Error ? error.stack : error}`,
        )
      }
    }
  }
  let end: RunEnd<Summary> = { how: 'interrupted' }
  try {
    await tell(reporter => reporter.onBegin?.(run))
    for (;;) {
      const next = await events.next()
      if (next.done === true) {
        end = endOf(next.value)
        return next.value
      }
      await tell(reporter => reporter.onEvent?.(next.value))
      yield next.value
    }
  } catch (error) {
    end = { how: signal.aborted ? 'interrupted' : 'failed' }
    throw error
  } finally {
    try {
      // When the caller leaves a run in the middle, its peers end too.
      await events.return(undefined as never)
    } finally {
      await tell(reporter => reporter.onEnd?.(end))
    }
  }
}
