import { describe, expect, it } from 'vitest'
import { abortable, JobQueue } from '../../src/learner/jobs.js'
import { type Answers, jobState, type Request } from '../../src/learner/messages.js'
import { type LearnerThread, startThread } from '../../src/learner/thread.js'

type Evaluate = Extract<Request, { type: 'evaluate' }>
type Train = Extract<Request, { type: 'train' }>

const crashing = new URL('../fixtures/learner/crashing-worker.mjs', import.meta.url)

/** A thread that answers when the test says so, and remembers whose data it was given. */
function heldThread(): LearnerThread & { readonly keys: number[]; finish(): void; die(error: Error): void } {
  let settle: { resolve(answer: unknown): void; reject(error: Error): void } | undefined
  let alive = true
  let end!: (error: Error) => void
  const ended = new Promise<Error>(resolve => {
    end = resolve
  })
  const keys: number[] = []
  return {
    keys,
    ended,
    get alive() {
      return alive
    },
    call: request =>
      new Promise((resolve, reject) => {
        if (request.type === 'release') return resolve(undefined as never)
        const asked = request as unknown as Evaluate | Train
        keys.push(asked.type === 'train' ? asked.parts[0]!.data.key : asked.data.key)
        settle = { resolve: resolve as (answer: unknown) => void, reject }
      }),
    finish: () => settle?.resolve({ loss: 0, accuracy: 1, samples: 1 }),
    die(error) {
      alive = false
      settle?.reject(error)
      end(error)
    },
    close: async () => {},
  }
}

const onData =
  (key: number) =>
  (state: Int32Array): Evaluate =>
    ({ type: 'evaluate', state, data: { key }, parameters: new Float32Array() }) as unknown as Evaluate

/** Asks the queue to work on some data. */
const ask = (queue: JobQueue, key: number, signal?: AbortSignal): Promise<Answers['evaluate']> =>
  abortable(signal, state => queue.submit<'evaluate'>(onData(key)(state), [key]))

const settled = () => new Promise(resolve => setImmediate(resolve))

describe('a free worker', () => {
  it('takes the oldest job on data that it holds, then on data that nobody holds, then the oldest', async () => {
    const [a, b] = [heldThread(), heldThread()]
    const queue = new JobQueue([a, b])
    const jobs = [1, 2, 1, 2, 3].map(key => ask(queue, key))
    expect([a.keys, b.keys]).toEqual([[1], [2]])
    b.finish()
    await settled()
    expect(b.keys).toEqual([2, 2])
    b.finish()
    await settled()
    expect(b.keys).toEqual([2, 2, 3])
    b.finish()
    await settled()
    // Only the job on data that the other, busy worker holds is left: waiting would be slower than uploading again.
    expect(b.keys).toEqual([2, 2, 3, 1])
    a.finish()
    b.finish()
    await Promise.all(jobs)
  })
})

describe('training', () => {
  it('for a later round than that of the oldest job waits, though its data is held', async () => {
    const thread = heldThread()
    const queue = new JobQueue([thread])
    const train = (key: number, round: number): Promise<unknown> =>
      abortable(undefined, state =>
        queue.submit<'train'>({ type: 'train', parts: [{ state, data: { key } }], round } as never, [key]),
      )
    const jobs = [train(1, 0), train(2, 0), train(1, 1)]
    for (let turns = 0; turns < jobs.length; turns++) {
      await settled()
      thread.finish()
    }
    await Promise.all(jobs)
    expect(thread.keys).toEqual([1, 2, 1])
  })
})

describe('training on data that nobody holds', () => {
  it('for a later round than that of the oldest job waits, too', async () => {
    const [a, b] = [heldThread(), heldThread()]
    const queue = new JobQueue([a, b])
    const train = (key: number, round: number): Promise<unknown> =>
      abortable(undefined, state =>
        queue.submit<'train'>({ type: 'train', parts: [{ state, data: { key } }], round } as never, [key]),
      )
    const jobs = [train(1, 0), train(2, 0), train(1, 0), train(3, 5)]
    await settled()
    b.finish()
    await settled()
    expect(b.keys).toEqual([2, 1])
    for (let turns = 0; turns < jobs.length; turns++) {
      a.finish()
      b.finish()
      await settled()
    }
    await Promise.all(jobs)
  })
})

describe('a job on data that nobody holds', () => {
  it('has its turn though others never stop asking for data that is held', async () => {
    const thread = heldThread()
    const queue = new JobQueue([thread])
    const askAgain = (): void => void ask(queue, 1).then(askAgain)
    askAgain()
    askAgain()
    let done = false
    void ask(queue, 2).then(() => {
      done = true
    })
    for (let turns = 0; turns < 40 && !done; turns++) {
      thread.finish()
      await settled()
    }
    expect(done).toBe(true)
    expect(thread.keys.filter(key => key === 1).length).toBeGreaterThan(5)
  })
})

describe('an aborted job', () => {
  it('that waits is not computed', async () => {
    const thread = heldThread()
    const queue = new JobQueue([thread])
    const first = ask(queue, 1)
    const stop = new AbortController()
    const second = ask(queue, 2, stop.signal)
    stop.abort(new Error('changed my mind'))
    await expect(second).rejects.toThrow('changed my mind')
    thread.finish()
    await first
    await settled()
    expect(thread.keys).toEqual([1])
    await expect(ask(queue, 2, stop.signal)).rejects.toThrow('changed my mind')
  })

  it('that the worker has committed is done', async () => {
    const thread = heldThread()
    const queue = new JobQueue([thread])
    const stop = new AbortController()
    let state!: Int32Array
    const job = abortable(stop.signal, shared => {
      state = shared
      return queue.submit<'evaluate'>(onData(1)(shared), [1])
    })
    Atomics.store(state, 0, jobState.committed)
    stop.abort()
    thread.finish()
    await expect(job).resolves.toMatchObject({ accuracy: 1 })
  })
})

describe('a thread that dies', () => {
  it('takes its own job with it; the others go on until none is left', async () => {
    const [a, b] = [heldThread(), heldThread()]
    const queue = new JobQueue([a, b])
    const [first, second, third, fourth] = [1, 2, 3, 4].map(key => ask(queue, key))
    a.die(new Error('struck by lightning'))
    await expect(first).rejects.toThrow('struck by lightning')
    await settled()
    expect(a.keys).toEqual([1])
    b.finish()
    await second
    await settled()
    expect(b.keys).toEqual([2, 3])
    const lost = Promise.allSettled([third, fourth])
    b.die(new Error('struck as well'))
    expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await settled()
    await expect(ask(queue, 5)).rejects.toThrow('struck as well')
  })

  it.each([
    ['exits', 0, 'ended with code 3; its last words: out of luck'],
    ['throws', 1, 'crashed: thrown in the worker'],
  ])('that %s is told apart from an answer', async (_, key, message) => {
    const thread = startThread([], crashing)
    await expect(thread.call<'memory'>({ type: 'memory' })).resolves.toEqual({ tensors: 1, bytes: 2 })
    expect(thread.alive).toBe(true)
    const calls: Promise<Answers['release']>[] = [0, 1].map(() => thread.call<'release'>({ type: 'release', key }))
    await expect(calls[0]).rejects.toThrow(message)
    await expect(calls[1]).rejects.toThrow(message)
    expect((await thread.ended).message).toContain(message)
    expect(thread.alive).toBe(false)
    await expect(thread.call<'memory'>({ type: 'memory' })).rejects.toThrow(message)
    await thread.close()
  })
})
