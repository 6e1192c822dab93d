import { createDashboard, type DashboardInit } from '../dashboard/index.js'
import { shown } from '../foreign.js'

/** Flags of the commands that show a run in a browser. */
export interface WatchFlags {
  /** A port; true where none was named. */
  readonly watch?: number | true
  readonly open?: boolean
}

/** Do the flags ask for the dashboard? */
export function isWatched({ watch, open }: WatchFlags): boolean {
  return watch !== undefined || open === true
}

/** A dashboard that may not be there. */
export interface Watching {
  /** Tells browsers that the run is over. Idempotent. */
  stop(): Promise<void>
}

/**
 * Serves the dashboard that the flags ask for, and says where it is.
 *
 * @param say - takes a line
 * @throws {@link HearsayError} NETWORK where its port is not free
 */
export async function startWatching(
  init: Omit<DashboardInit, 'port'>,
  flags: WatchFlags,
  say: (line: string) => void,
): Promise<Watching> {
  const { watch, open } = flags
  if (!isWatched(flags)) return { stop: async () => {} }
  const dashboard = createDashboard({ ...init, ...(typeof watch === 'number' && { port: watch }) })
  const address = await dashboard.start()
  say(`dashboard ${address}`)
  if (open === true) await openBrowser(address, say)
  return dashboard
}

/** What prevents it is a line: the address can be opened by hand. */
async function openBrowser(address: string, say: (line: string) => void): Promise<void> {
  const failed = (why: string): void => say(`no browser was opened: ${shown(why)}; open the address yourself`)
  try {
    const { default: open } = await import('open')
    const child = await open(address)
    child.on('error', error => failed(error.message))
    // It only starts the system's opener, which ends with a status once it has found no browser; on Windows it has
    // ended by now.
    const ended = (status: number | null): void => {
      if (status) failed(`what opens it has ended with status ${status}`)
    }
    if (child.exitCode === null) child.once('exit', ended)
    else ended(child.exitCode)
  } catch (error) {
    failed(error instanceof Error ? error.message : String(error))
  }
}
