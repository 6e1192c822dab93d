import { join } from 'node:path'
import { loadOrCreateIdentity } from '../../src/disk/index.js'

/** What a person has: a run folder with an identity in it. */
export interface Person {
  readonly out: string
  readonly id: string
}

export async function person(folder: string, name: string): Promise<Person> {
  const out = join(folder, name)
  const { peerId } = await loadOrCreateIdentity(join(out, 'identity.key'))
  return { out, id: peerId.toString() }
}
