import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { task } from './simulation.js'

const peers = 12

/** 12 processes over TCP, one peer each, until they are stopped. */
export async function federation(group, folder) {
  const manifest = join(folder, 'soak.json')
  writeFileSync(manifest, JSON.stringify({ ...task, peers, minPeers: peers }))
  const shared = ['--listen', '/ip4/127.0.0.1/tcp/0']
  const [, address] = await group.start(
    ['start', manifest, '--out', join(folder, 'peer-0'), ...shared],
    /^ {2}npx hearsay join (\S+)$/,
  )
  for (let i = 1; i < peers; i++) {
    await group.start(['join', address, '--yes', '--out', join(folder, `peer-${i}`), ...shared])
  }
}
