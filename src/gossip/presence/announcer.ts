import { presenceProtocol } from './protocol.js'

export interface AnnouncerInit {
  /** Publishes the peer's own record; with `asks`, other peers repeat theirs. */
  readonly publish: (asks: boolean) => Promise<void>
  /** Called at every beat. */
  readonly onBeat: () => void
  /** Milliseconds between two records of a peer that has nothing new to report; left out, there is no beat. */
  readonly beatMs: number | undefined
  /** Milliseconds before a record is first repeated at a barrier. */
  readonly repeatMs: number
}

/**
 * Decides when a peer publishes its record: at every beat, in answer to a peer at a barrier, and at its own barriers.
 */
export class Announcer {
  readonly #init: AnnouncerInit
  #barriers = 0
  #answer: NodeJS.Timeout | undefined
  #beat: NodeJS.Timeout | undefined
  #isRunning = false

  constructor(init: AnnouncerInit) {
    this.#init = init
  }

  start(): void {
    this.#isRunning = true
    if (this.#init.beatMs !== undefined) this.#beatLater(this.#init.beatMs)
  }

  stop(): void {
    this.#isRunning = false
    clearTimeout(this.#answer)
    clearTimeout(this.#beat)
  }

  publish(asks = this.#barriers > 0): Promise<void> {
    return this.#init.publish(asks)
  }

  /**
   * Answers a peer at a barrier; many at once with one record. A peer that repeats its own record at a barrier answers
   * newcomers only, which have missed what it published before.
   */
  answerSoon(isNewcomer: boolean): void {
    if ((this.#barriers > 0 && !isNewcomer) || this.#answer !== undefined || !this.#isRunning) return
    this.#answer = setTimeout(() => {
      this.#answer = undefined
      void this.publish()
    }, this.#init.repeatMs / 2)
  }

  /** Repeats the record, and requests those of others, until `reached` resolves; then publishes once more. */
  async barrier(reached: () => Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const repeat = (delayMs: number): void => {
      void this.publish()
      const nextMs = Math.min(2 * delayMs, presenceProtocol.repeatsApart * this.#init.repeatMs)
      timer = setTimeout(() => repeat(nextMs), delayMs)
    }
    this.#barriers += 1
    repeat(this.#init.repeatMs)
    try {
      await reached()
    } finally {
      clearTimeout(timer)
      this.#barriers -= 1
    }
    // Peers that waited for this one only need not wait for its next repeat.
    await this.publish()
  }

  /** A little earlier or later each time, so that peers that began together do not publish together for ever. */
  #beatLater(beatMs: number): void {
    const ms = beatMs * (0.9 + 0.2 * Math.random())
    this.#beat = setTimeout(() => {
      void this.publish()
      this.#init.onBeat()
      this.#beatLater(beatMs)
    }, ms)
  }
}
