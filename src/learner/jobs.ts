import { type Answers, jobState, type Request } from './messages.js'
import type { LearnerThread } from './thread.js'

type JobType = 'train' | 'evaluate'

interface Job {
  /** The data it works on: see {@link JobQueue}. */
  readonly key: number
  readonly request: Extract<Request, { type: JobType }>
  /** How many younger jobs were taken while this was the oldest. */
  passedOver: number
  settle(outcome: { readonly answer: Answers[JobType] } | { readonly error: unknown }): void
}

interface Slot {
  readonly thread: LearnerThread
  busy: boolean
  /** The data that this worker has seen and most likely still holds. */
  readonly keys: Set<number>
}

/**
 * The oldest job waits for so many younger ones at most. Peers never stop asking for work on data that is held, so
 * without a bound the averaged model, which is on data of its own, would be evaluated after the last round.
 */
const patience = 16

/**
 * Jobs for a few threads. A free worker takes, in this order: the oldest job on data that it holds; the oldest on data
 * that no worker holds; the oldest. Nobody waits for ever. Results do not depend on who computes, only the time to upload data does.
 */
export class JobQueue {
  private readonly slots: Slot[]
  private readonly waiting: Job[] = []
  private ended: Error | undefined

  constructor(threads: readonly LearnerThread[]) {
    this.slots = threads.map(thread => ({ thread, busy: false, keys: new Set<number>() }))
    for (const slot of this.slots) void slot.thread.ended.then(error => this.lose(slot, error))
  }

  /**
   * @param request - makes the request around the job's state (messages.ts)
   * @throws the signal's reason as soon as it is aborted, unless the worker has already committed its result
   */
  submit<T extends JobType>(
    request: (state: Int32Array) => Extract<Request, { type: T }>,
    key: number,
    signal?: AbortSignal,
  ): Promise<Answers[T]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (this.ended !== undefined) return reject(this.ended)
      const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
      const job: Job = {
        key,
        request: request(state) as Job['request'],
        passedOver: 0,
        settle: outcome => {
          signal?.removeEventListener('abort', onAbort)
          if ('answer' in outcome) resolve(outcome.answer as Answers[T])
          else reject(outcome.error)
        },
      }
      const onAbort = (): void => {
        // Lost to the worker, which has written the parameters: then the job was done before it was aborted.
        if (Atomics.compareExchange(state, 0, jobState.open, jobState.aborted) !== jobState.open) return
        const place = this.waiting.indexOf(job)
        if (place >= 0) this.waiting.splice(place, 1)
        job.settle({ error: signal!.reason })
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.waiting.push(job)
      this.dispatch()
    })
  }

  /** Data that nobody can ask for again: workers free it when they get to it. */
  forget(key: number): void {
    for (const slot of this.slots) {
      if (slot.keys.delete(key)) slot.thread.call<'release'>({ type: 'release', key }).catch(() => {})
    }
  }

  /** Ends all threads. Jobs that are not done are rejected. */
  async close(): Promise<void> {
    this.end(new Error('the learner pool was closed'))
    await Promise.all(this.slots.map(slot => slot.thread.close()))
  }

  private end(error: Error): void {
    this.ended ??= error
    for (const job of this.waiting.splice(0)) job.settle({ error: this.ended })
  }

  /** The others go on without a thread that has ended; without any thread there is nothing to wait for. */
  private lose(slot: Slot, error: Error): void {
    if (this.ended !== undefined) return
    this.slots.splice(this.slots.indexOf(slot), 1)
    if (this.slots.length === 0) this.end(error)
  }

  private dispatch(): void {
    for (const slot of this.slots) {
      if (slot.busy || !slot.thread.alive) continue
      const job = this.take(slot)
      if (job === undefined) return
      void this.run(slot, job)
    }
  }

  private take(slot: Slot): Job | undefined {
    const heldHere = this.waiting.findIndex(({ key }) => slot.keys.has(key))
    const heldNowhere = (): number => this.waiting.findIndex(({ key }) => !this.slots.some(({ keys }) => keys.has(key)))
    const oldest = this.waiting[0]
    const isStarving = oldest !== undefined && oldest.passedOver >= patience
    const place = isStarving ? 0 : heldHere >= 0 ? heldHere : Math.max(0, heldNowhere())
    if (place > 0) oldest!.passedOver += 1
    return this.waiting.splice(place, 1)[0]
  }

  private async run(slot: Slot, job: Job): Promise<void> {
    slot.busy = true
    slot.keys.add(job.key)
    try {
      job.settle({ answer: await slot.thread.call<JobType>(job.request) })
    } catch (error) {
      job.settle({ error: this.ended ?? error })
    }
    slot.busy = false
    this.dispatch()
  }
}
