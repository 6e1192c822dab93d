import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** 16 peers in one process over TCP, until they are stopped. */
export async function simulation(group, folder) {
  const manifest = join(folder, 'soak.json')
  writeFileSync(manifest, JSON.stringify({ ...task, peers: 16 }))
  await group.start(['simulate', manifest, '--out', join(folder, 'run')])
}

/** More rounds than there is time for. */
export const task = {
  seed: 1,
  rounds: 1_000_000,
  data: { set: 'digits' },
  model: { kind: 'mlp', hidden: [200, 200] },
  training: { epochs: 5, batch: 32 },
  merge: 'dfedsam',
  topology: 'ring',
  evaluation: { every: 10 },
}
