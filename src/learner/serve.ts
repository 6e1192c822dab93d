import './tensorflow.js'
import { parentPort, workerData } from 'node:worker_threads'
import { createHandlers, type Handlers, type JobControl, type Started } from './handlers.js'
import type { JobType } from './job-type.js'
import {
  type Answers,
  type DataReference,
  type Envelope,
  type Reply,
  type Request,
  recordOf,
  type ThreadData,
} from './messages.js'
import { ruleBook } from './rules/index.js'
import type { Rule } from './rules/rule.js'

/** What a job of another room works with. */
export interface JobContext extends Omit<Started, 'release'>, JobControl {
  /** What was given to {@link LearnerPool.submit}: sizes and labels; {@link Started.source} has the inputs. */
  readonly data: readonly DataReference[]
}

/** Does a job of another room; see {@link handler}. */
export interface JobHandler {
  readonly name: string
  handle(context: JobContext, ask: unknown): Promise<unknown>
}

/**
 * Ties a kind of job to what does it.
 *
 * The rules are those of training: call `aborted` before each step, and return nothing once it is true; call `commit`
 * before writing to shared memory, and leave that as it was when it returns false; leave no tensor behind.
 */
export function handler<Ask, Answer>(
  { name }: JobType<Ask, Answer>,
  handle: (context: JobContext, ask: Ask) => Promise<Answer | undefined>,
): JobHandler {
  return { name, handle: (context, ask) => handle(context, ask as Ask) }
}

/**
 * Serves a learner pool from this worker thread, until the pool ends it: its own requests, and jobs of other rooms.
 * Called once, by the module that the pool starts ({@link LearnerPoolInit.worker}).
 *
 * @param rules - that local plans can name beside the learner's own: see {@link ForeignRuleSpec}
 */
export function serve(extra: readonly JobHandler[], rules: readonly Rule[] = []): void {
  if (parentPort === null) throw new Error('this module runs in a worker thread')
  const port = parentPort
  const { closing } = workerData as ThreadData
  const { handlers: own, started, controlOf } = createHandlers(closing, ruleBook(rules))
  const byName = new Map(extra.map(({ name, handle }) => [name, handle]))
  if (byName.size < extra.length) throw new Error('two handlers for one kind of job')
  const handlers: Handlers = {
    ...own,
    async job({ name, state, data, ask }) {
      const handle = byName.get(name)
      if (handle === undefined) throw new Error(`this worker knows no job "${name}"`)
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
