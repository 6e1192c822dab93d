import type { Command } from '../command.js'

export const doctor: Command = {
  usage: 'doctor',
  summary: 'show what this machine can train and connect with, and how fast it trains',
  flags: [{ flags: '--json', description: 'print one JSON object and nothing else' }],
  examples: ['hearsay doctor', 'hearsay doctor --json'],
  load: async () => (await import('../doctor.js')).run,
}
