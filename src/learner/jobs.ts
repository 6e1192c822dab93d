import { type Answers, jobState, type Request } from './messages.js'
import type { LearnerThread } from './thread.js'

type Work = 'train' | 'evaluate' | 'predict' | 'observe' | 'job'

interface Job {
  /** The data it works on: see {@link JobQueue}. */
  readonly keys: readonly number[]
  readonly request: Extract<Request, { type: Work }>
  /** How many younger jobs were taken while this was the oldest. */
  passedOver: number
  resolve(answer: Answers[Work]): void
  reject(error: unknown): void
}

interface Slot {
  readonly thread: LearnerThread
  busy: boolean
  /** The data that this worker has seen and most likely still holds. */
  readonly keys: Set<number>
}

/**
 * The oldest job waits for so many younger ones at most. Peers never stop requesting work on data that is held, so
 * without a bound the averaged model, which is on data of its own, would be evaluated after the last round.
 */
const patience = 16

/** A worker looks for data that it holds among so many of the oldest jobs: with a thousand peers as many jobs wait. */
const lookedAt = 64

/**
 * Jobs for a few threads. A free worker takes, in this order: the oldest job on data that it holds; the oldest on data
 * that no worker holds; the oldest. Local training for a later round than that of the oldest job waits: peers that are
 * behind hold up their neighbours. No job waits for ever. Results do not depend on which worker computes, only the time to
 * upload data does.
 */
export class JobQueue {
  private readonly slots: Slot[]
  private readonly waiting: Job[] = []
  private ended: Error | undefined

  constructor(threads: readonly LearnerThread[]) {
    this.slots = threads.map(thread => ({ thread, busy: false, keys: new Set<number>() }))
    for (const slot of this.slots) void slot.thread.ended.then(error => this.lose(slot, error))
  }

  /** @param keys - the data it works on */
  submit<T extends Work>(request: Extract<Request, { type: T }>, keys: readonly number[]): Promise<Answers[T]> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.ended)
      this.waiting.push({
        keys,
        request: request as Job['request'],
        passedOver: 0,
        resolve: resolve as Job['resolve'],
        reject,
      })
      this.dispatch()
    })
  }

  /** Data that cannot be requested again: workers free it when they get to it. */
  forget(key: number): void {
    for (const slot of this.slots) {
      if (!slot.keys.delete(key)) continue
      slot.thread.call<'release'>({ type: 'release', key }).catch(error => {
        // A thread that has ended holds nothing any more.
        if (slot.thread.alive) throw error
      })
    }
  }

  /** Ends all threads. Jobs that are not done are rejected. */
  async close(): Promise<void> {
    this.end(new Error('the learner pool was closed'))
    await Promise.all(this.slots.map(slot => slot.thread.close()))
  }

  private end(error: Error): void {
    this.ended ??= error
    for (const job of this.waiting.splice(0)) job.reject(this.ended)
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
      let job = this.take(slot)
      // What was aborted while it waited has been answered.
      while (job !== undefined && !isWanted(job.request)) job = this.take(slot)
      if (job === undefined) return
      void this.run(slot, job)
    }
  }

  private take(slot: Slot): Job | undefined {
    const old = this.waiting.slice(0, lookedAt)
    const [oldest] = old
    const isHeldBy = ({ keys }: Job, { keys: held }: Slot): boolean => keys.some(key => held.has(key))
    const heldHere = old.findIndex(job => isHeldBy(job, slot) && !isAhead(job, oldest!))
    const heldNowhere = (): number =>
      old.findIndex(job => !this.slots.some(other => isHeldBy(job, other)) && !isAhead(job, oldest!))
    const isStarving = oldest !== undefined && oldest.passedOver >= patience
    const place = isStarving ? 0 : heldHere >= 0 ? heldHere : Math.max(0, heldNowhere())
    if (place > 0) oldest!.passedOver += 1
    return this.waiting.splice(place, 1)[0]
  }

  private async run(slot: Slot, job: Job): Promise<void> {
    slot.busy = true
    for (const key of job.keys) slot.keys.add(key)
    try {
      job.resolve(await slot.thread.call<Work>(job.request))
    } catch (error) {
      job.reject(this.ended ?? error)
    }
    slot.busy = false
    this.dispatch()
  }
}

/** Is the one job training for a later round than the other? */
function isAhead({ request: one }: Job, { request: other }: Job): boolean {
  return one.type === 'train' && other.type === 'train' && one.round > other.round
}

function isWanted(request: Job['request']): boolean {
  const parts = request.type === 'train' ? request.parts : [request]
  return parts.some(({ state }) => Atomics.load(state, 0) === jobState.open)
}

/**
 * Joins a job, done by `begin`, with a signal. The first to change the state decides: see {@link jobState}.
 *
 * @param begin - given the job's state, requests the work
 * @param withdraw - called when the job was aborted before it was done
 * @throws the signal's reason as soon as it is aborted, unless the worker has already committed its result
 */
export function abortable<T>(
  signal: AbortSignal | undefined,
  begin: (state: Int32Array) => Promise<T>,
  withdraw: () => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const onAbort = (): void => {
      // Lost to the worker, which has written the parameters: then the job was done before it was aborted.
      if (Atomics.compareExchange(state, 0, jobState.open, jobState.aborted) !== jobState.open) return
      reject(signal!.reason)
      withdraw()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    const done = (): void => signal?.removeEventListener('abort', onAbort)
    begin(state).then(
      answer => {
        done()
        resolve(answer)
      },
      error => {
        done()
        reject(error)
      },
    )
  })
}
