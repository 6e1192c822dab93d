import type { Command } from '../command.js'
import { fieldFlags } from '../flags/field.js'

export const join: Command = {
  usage: 'join [address]',
  summary: 'take part in a run: at the address that start prints, or as a member of a topology file',
  flags: [{ flags: '-y, --yes', description: 'do not ask before joining' }, ...fieldFlags],
  examples: [
    'hearsay join /ip4/192.0.2.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA#2176464839d712c6f1d0d0a7a6d5f6ab2a2f0d1c3e4b5a69788796a5b4c3d2e1',
    'hearsay join topologies/hospitals.yaml --as boston --out runs/boston --data scans/',
    'hearsay join --resume runs/2026-11-21T12-00-00-a1b2c3d4',
  ],
  load: async () => (await import('../join.js')).run,
}
