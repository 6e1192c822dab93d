import { readFileSync } from 'node:fs'

/** Hearsay's, from its package.json: the same for sources and for what is built. */
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}
