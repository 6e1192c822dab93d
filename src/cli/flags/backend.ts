import type { backendSchema } from '../../learner/index.js'
import type { Flag } from '../command.js'

/** Written out, since help must not wait for the learner to load; the compiler keeps the two lists in step. */
const backends = {
  auto: true,
  'node-gpu': true,
  webgpu: true,
  node: true,
  wasm: true,
} satisfies Record<(typeof backendSchema.options)[number], true>

export const backendFlag: Flag = {
  flags: '--backend <name>',
  description: 'what computes',
  choices: Object.keys(backends),
  default: 'auto',
}
