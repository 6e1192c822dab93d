import type { Random } from '../../random.js'

/** Equal sizes ⌊n/m⌋, drawn at random; what is left over stays unused. */
export function iid(samples: number, peers: number, random: Random): Uint32Array[] {
  const order = random.shuffle(Uint32Array.from({ length: samples }, (_, i) => i))
  const size = Math.floor(samples / peers)
  return Array.from({ length: peers }, (_, peer) => order.slice(peer * size, (peer + 1) * size))
}
