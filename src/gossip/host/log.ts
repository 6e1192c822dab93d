import type { ComponentLogger, Logger } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'

/**
 * Where libp2p writes what it does: nowhere, unless `DEBUG` is set. Its own logger writes nothing either then, but makes
 * three functions for every stream and asks about the terminal's colours each time: a tenth of what it takes to make a
 * peer of a simulation and to connect it. `DEBUG` is looked at once: @libp2p/logger's `enable` comes too late without.
 */
export function hostLog(): ComponentLogger {
  return process.env.DEBUG === undefined ? { forComponent: () => silent } : defaultLogger()
}

const nothing = (): void => {}
const silent: Logger = Object.assign(() => {}, {
  error: nothing,
  trace: nothing,
  enabled: false,
  newScope: (): Logger => silent,
})
