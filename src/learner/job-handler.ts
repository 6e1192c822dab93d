import type { JobControl, Started } from './handlers.js'
import type { JobType } from './job-type.js'
import type { DataReference } from './messages.js'
import type { WorkerModule } from './worker-module.js'

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

/** What a room adds to the workers: jobs too, which see a worker's models as they are inside. */
export interface RoomModule extends WorkerModule {
  /** For {@link LearnerPool.submit}. */
  readonly jobs?: readonly JobHandler[]
}
