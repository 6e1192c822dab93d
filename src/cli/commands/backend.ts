import type { Command } from '../command.js'

export const backend: Command = {
  usage: 'backend <install|remove>',
  summary: 'install or remove native TensorFlow: the fastest backend on a CPU, and CUDA',
  flags: [
    { flags: '--cuda', description: 'install: for NVIDIA cards, with the CUDA libraries (Linux on x64)' },
    {
      flags: '--wheel <file>',
      description: 'install: a wheel of TensorFlow that is already here (default: pip downloads it)',
    },
  ],
  examples: [
    'hearsay backend install',
    'hearsay backend install --wheel tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    'hearsay backend install --cuda',
    'hearsay backend remove',
  ],
  load: async () => (await import('../backend.js')).run,
}
