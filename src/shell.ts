import { shown } from './foreign.js'

/** A path or a name, quoted for a shell: what a person copies into a command line. */
export function typed(text: string): string {
  const quoted = /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
  return shown(quoted, 1000)
}
