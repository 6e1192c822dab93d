import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { SHARE_ENV, Worker } from 'node:worker_threads'
import { type Answers, type Envelope, errorOf, type Reply, type Request, type ThreadData } from './messages.js'

/** The compiled worker. Named through the package, so that it is found from TypeScript sources under test as well. */
function workerUrl(): URL {
  return pathToFileURL(createRequire(import.meta.url).resolve('#learner/worker'))
}

/** One worker thread, seen from the network thread. */
export interface LearnerThread {
  /** @throws what the worker threw; or, when the thread has ended, an error with the reason */
  call<T extends Request['type']>(request: Extract<Request, { type: T }>): Promise<Answers[T]>
  /** False from the moment that it crashed, ended or was closed. */
  readonly alive: boolean
  /** Settles once, when the thread has ended for whatever reason. */
  readonly ended: Promise<Error>
  /** Lets the step in progress end and the backend give back what it holds, then ends the thread. Idempotent. */
  close(): Promise<void>
}

/**
 * How long a thread may take to end by itself. A step takes seconds at most. Ended from outside in the middle of a call
 * to Dawn, a thread takes the whole process with it ("FATAL ERROR: napi_throw").
 */
const closeMs = 10_000

/** As much of a dying worker's last words as an error quotes. */
const lastWords = 2000

/** Starts a thread. @param modules - see {@link LearnerPoolInit.modules} */
export function startThread(modules: readonly URL[] = [], url: URL = workerUrl()): LearnerThread {
  const closing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const workerData: ThreadData = { closing, modules: modules.map(String) }
  const worker = new Worker(url, {
    workerData,
    name: 'hearsay-learner',
    // The native library reads the real environment, which a thread with an environment of its own cannot set.
    env: SHARE_ENV,
    // Flags of the program that uses us, such as --input-type, are not meant for the worker and can stop it.
    execArgv: [],
    // TensorFlow.js prints greetings and hints; a command's output is for its results.
    stdout: true,
    stderr: true,
  })
  const waiting = new Map<number, { resolve(answer: never): void; reject(error: Error): void }>()
  let next = 0
  let end: Error | undefined
  let said = ''
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-lastWords)
    })
  }

  worker.on('message', (reply: Reply) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (reply.ok) call?.resolve(reply.answer as never)
    else call?.reject(errorOf(reply.error))
  })
  const ended = new Promise<Error>(resolve => {
    const finish = (error: Error): void => {
      end ??= error
      for (const call of waiting.values()) call.reject(end)
      waiting.clear()
      resolve(end)
    }
    worker.on('error', error => {
      const message = error instanceof Error ? error.message : String(error)
      finish(new Error(`a learner thread crashed: ${message}`, { cause: error }))
    })
    worker.on('messageerror', error => finish(new Error('a learner thread sent what cannot be read', { cause: error })))
    worker.on('exit', code => {
      const words = said.trim()
      finish(new Error(`a learner thread ended with code ${code}${words === '' ? '' : `; its last words: ${words}`}`))
    })
  })

  const call: LearnerThread['call'] = request =>
    new Promise((resolve, reject) => {
      if (end !== undefined) return reject(end)
      const id = next++
      waiting.set(id, { resolve, reject })
      const envelope: Envelope = { id, request }
      worker.postMessage(envelope)
    })
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    Atomics.store(closing, 0, 1)
    const stop = new AbortController()
    try {
      await Promise.race([call<'close'>({ type: 'close' }), setTimeout(closeMs, undefined, { signal: stop.signal })])
    } catch (error) {
      // A thread that has ended already holds nothing.
      if (error !== end) throw error
    } finally {
      stop.abort()
      await worker.terminate()
    }
  }

  return {
    get alive() {
      return end === undefined
    },
    ended,
    call,
    close: () => (closed ??= close()),
  }
}
