import './tensorflow.js'
import { parentPort, workerData } from 'node:worker_threads'
import { backends } from './backend/load.js'
import { createHandlers, type Handlers } from './handlers.js'
import type { RoomModule } from './job-handler.js'
import { type Answers, type Envelope, type Reply, type Request, recordOf, type ThreadData } from './messages.js'
import { ruleBook } from './rules/index.js'

/**
 * Serves a learner pool from this worker thread, until the pool ends it: its own requests, and jobs of other rooms.
 * Called once, by worker.ts.
 *
 * @param modules - what they add to the learner's own
 */
export function serve(modules: readonly RoomModule[]): void {
  if (parentPort === null) throw new Error('this module runs in a worker thread')
  const port = parentPort
  const { closing } = workerData as ThreadData
  const book = ruleBook(modules.flatMap(({ rules = [] }) => rules))
  const candidates = [...modules.flatMap(({ backends = [] }) => backends), ...backends]
  const { handlers: own, started, controlOf } = createHandlers(closing, { book, candidates })
  const extra = modules.flatMap(({ jobs = [] }) => jobs)
  const byName = new Map(extra.map(({ name, handle }) => [name, handle]))
  if (byName.size < extra.length) throw new Error('two handlers for one kind of job')
  const handlers: Handlers = {
    ...own,
    async job({ name, state, data, ask }) {
      const handle = byName.get(name)
      if (handle === undefined) throw new Error(`this worker has no job "${name}"`)
      const { release: _, ...context } = started()
      return handle({ ...context, data, ...controlOf(state) }, ask)
    },
  }

  const answer = async ({ id, request }: Envelope): Promise<Reply> => {
    try {
      const handle = handlers[request.type] as (request: Request) => Promise<Answers[Request['type']]>
      return { id, ok: true, answer: await handle(request) }
    } catch (error) {
      return { id, ok: false, error: recordOf(error) }
    }
  }
  // One after another: a job awaits the device, and the next must not find the model half trained.
  let queue = Promise.resolve()
  port.on('message', (envelope: Envelope) => {
    queue = queue.then(async () => port.postMessage(await answer(envelope)))
  })
}
