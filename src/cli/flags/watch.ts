import { HearsayError } from '../../errors.js'
import { type Flag, grouped, wholeNumber } from '../command.js'

const port = wholeNumber('--watch', 0, 65_535)

/** Flags of the commands that can show a run in a browser while it goes on. */
export const watchFlags: readonly Flag[] = grouped('Dashboard', [
  {
    flags: '--watch [port]',
    description:
      'serve a page that shows the run as it goes on, on this machine only; its address is printed (default port: any that is free)',
    parse(text) {
      if (/^\d+$/.test(text)) return port(text)
      // What stands behind an optional value is taken for it.
      throw new HearsayError('USAGE', 'is no port; put what is not one in front of --watch', {
        field: '--watch',
        value: text,
      })
    },
  },
  { flags: '--open', description: 'open it in a browser, too' },
])
