import type { Command } from '../command.js'
import { fieldFlags } from '../flags/field.js'

export const start: Command = {
  usage: 'start [manifest]',
  summary: 'open a run to others, and take part in it',
  flags: fieldFlags,
  examples: [
    'hearsay start run.yaml',
    'hearsay start --data patients.csv --model logistic',
    'hearsay start run.yaml --data scans/ --as boston --port 4001',
    'hearsay start --resume runs/2026-11-21T12-00-00-a1b2c3d4',
  ],
  load: async () => (await import('../start.js')).run,
}
