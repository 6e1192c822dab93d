import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { loadOrCreateIdentity } from '../../src/disk/index.js'
import { temporaryFolder } from './hearsay.js'

export const names = ['boston', 'zurich', 'basel']

/** A federation in a topology file. */
export interface Written {
  readonly file: string
  readonly folder: string
  readonly members: { name: string; id: string; addresses: string[] }[]
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** A topology file for three members on a line, each with the identity that lies in its folder. */
export async function written(run: string): Promise<Written> {
  const folder = await temporaryFolder()
  const members = await Promise.all(
    names.map(async name => {
      const { peerId } = await loadOrCreateIdentity(join(folder, name, 'identity.key'))
      return { name, id: peerId.toString(), addresses: [`/ip4/127.0.0.1/tcp/${await freePort()}`] }
    }),
  )
  const file = join(folder, 'line.yaml')
  const edges = [
    ['boston', 'zurich'],
    ['zurich', 'basel'],
  ]
  await writeFile(file, stringify({ run, members, topology: { kind: 'edges', edges } }))
  return { file, folder, members }
}
