import type { Purpose } from './traffic.js'

const ofName: ReadonlyMap<string, Purpose> = new Map([
  ['handover', 'heads'],
  ['heads', 'heads'],
  ['shares', 'heads'],
  ['log', 'heads'],
  ['sampling', 'heads'],
  ['presence', 'presence'],
  ['access', 'joining'],
  ['agreement', 'joining'],
  ['state', 'joining'],
  ['twin', 'joining'],
])

/** What a protocol or topic of Hearsay is for, by its id. Undefined of others: they are libp2p's own. */
export function purposeOf(id: string): Purpose | undefined {
  const [, hearsay, name = ''] = id.split('/', 3)
  return hearsay === 'hearsay' ? ofName.get(name) : undefined
}
