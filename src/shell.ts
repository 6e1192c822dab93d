import { shown } from './foreign.js'

/**
 * A command of ours as it is typed where it can be: npx finds what a project or a clone has, and what is installed for
 * all. What a person is told to type is made by this; texts that only speak of a command call it by its name.
 */
export function command(words: string): string {
  return `npx hearsay ${words}`
}

/** A path or a name, quoted for a shell: what a person copies into a command line. */
export function typed(text: string): string {
  const quoted = /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
  return shown(quoted, 1000)
}
