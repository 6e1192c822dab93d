import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { identityFile, loadOrCreateIdentity } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { whyNot } from '../system-errors.js'
import type { Run } from './command.js'

export const run: Run<object> = async ([folder], _, { stdout }) => {
  const { peerId } = await loadOrCreateIdentity(join(await identityFolder(folder!), identityFile))
  stdout.write(`${peerId}\n`)
  return 0
}

/** Throws where the folder contains something else, so that a key is never put there. */
async function identityFolder(path: string): Promise<string> {
  const files = await readdir(path).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw new HearsayError('USAGE', whyNot(error), { source: `id ${path}` })
  })
  if (files.length === 0 || files.includes(identityFile)) return path
  throw new HearsayError('USAGE', `is not empty and holds no ${identityFile}; name a run folder, or a new one`, {
    source: `id ${path}`,
  })
}
