import type { Command } from '../command.js'

export const exportModel: Command = {
  usage: 'export <run>',
  summary: 'write a trained model for TensorFlow.js, Keras or whatever reads safetensors',
  flags: [
    { flags: '--peer <name>', description: 'the peer whose model it is, where the run folder has several' },
    { flags: '--to <folder>', description: 'where it is written; a new folder' },
    {
      flags: '--format <names>',
      description: 'of tfjs, keras, safetensors, with commas or several times (default: all)',
      repeatable: true,
    },
    {
      flags: '--bare',
      description: 'as it was trained, to go on with in Hearsay: standardised inputs, no probabilities',
    },
  ],
  examples: [
    'hearsay export runs/xrays --peer peer-3 --to xray-model',
    'hearsay export runs/xrays --peer peer-3 --to xray-web --format tfjs',
    'hearsay export runs/xrays --peer peer-3 --to xray-start --format tfjs --bare',
  ],
  load: async () => (await import('../export.js')).run,
}
