/**
 * A kind of job that another room adds to the workers: what is asked, and what is answered. Both sides use the same
 * constant, so that neither can misread the other.
 *
 * ```ts
 * export const scale = jobType<{ readonly values: Float32Array; readonly factor: number }, number>('example/scale')
 * // in a module of the worker's (worker-module.ts)
 * export default { jobs: [handler(scale, async ({ commit }, { values, factor }) => { … })] }
 * // on the network thread
 * const count = await pool.submit(scale, { values, factor: 2 }, [], { signal })
 * ```
 */
export interface JobType<Ask, Answer> {
  /** "room/job". */
  readonly name: string
  /** Never there: these two only carry the types. */
  readonly ask?: Ask
  readonly answer?: Answer
}

/** @param name - "room/job", known to no other */
export function jobType<Ask, Answer>(name: string): JobType<Ask, Answer> {
  return { name }
}
