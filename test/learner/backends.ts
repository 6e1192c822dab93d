import { afterAll } from 'vitest'
import { closeBackend, loadBackend } from '../../src/learner/backend/load.js'
import { backendSchema } from '../../src/learner/spec.js'
import { tf } from '../../src/learner/tensorflow.js'
import type { BackendName } from '../../src/learner/types.js'

/** A backend that this machine has. */
export interface PresentBackend {
  readonly name: BackendName
  /** Makes it TensorFlow.js's. */
  select(): Promise<void>
}

/** Starts all backends that this machine has, side by side in this process; says why not the others. */
export async function presentBackends(): Promise<PresentBackend[]> {
  const present: PresentBackend[] = []
  for (const name of backendSchema.options) {
    if (name === 'auto') continue
    try {
      await loadBackend(name, 1)
      const registered = tf.getBackend()
      present.push({ name, select: async () => void (await tf.setBackend(registered)) })
    } catch (error) {
      console.log(`gradients are not tested on ${name}: ${(error as Error).message}`)
    }
  }
  // As a program's switch it saves time; here the checks of every operation's arguments are wanted.
  tf.env().set('PROD', false)
  afterAll(closeBackend)
  return present
}
