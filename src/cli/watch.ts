import { once } from 'node:events'
import { readAbout } from '../report/index.js'
import type { Run } from './command.js'
import { startWatching } from './watching.js'

interface WatchOptions {
  readonly port?: number
  readonly open?: boolean
}

export const run: Run<WatchOptions, readonly [folder: string]> = async ([folder], options, { stdout, signal }) => {
  // A folder that is no run is refused at once, not to a browser.
  await readAbout(folder)
  const flags = { watch: options.port ?? true, ...(options.open && { open: true }) } as const
  const watching = await startWatching({ folder }, flags, line => void stdout.write(`${line}\n`))
  try {
    if (!signal.aborted) await once(signal, 'abort')
    return 0
  } finally {
    await watching.stop()
  }
}
