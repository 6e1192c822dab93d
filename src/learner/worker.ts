import { workerData } from 'node:worker_threads'
import type { RoomModule } from './job-handler.js'
import type { ThreadData } from './messages.js'
import { giveWay } from './priority.js'
import { serve } from './serve.js'

/*
 * The worker thread of a learner pool: it trains and evaluates, and does what the pool's modules add to that. Requests
 * that arrive before those are there wait for a listener.
 */
const { modules } = workerData as ThreadData
giveWay()
serve(await Promise.all(modules.map(moduleAt)))

async function moduleAt(url: string): Promise<RoomModule> {
  const { default: added }: { readonly default?: unknown } = await import(url)
  if (typeof added === 'object' && added !== null) return added
  throw new Error(`${url} has no default export { rules, backends }: see "hearsay/worker"`)
}
