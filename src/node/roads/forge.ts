import type { Neighbourhood, Position } from '../../methods/index.js'

/**
 * Decides what is handed over in place of the head: one vector, or by number what each receiver gets. Vectors must not
 * change any more, but for the head itself, which may when the exchange is over.
 *
 * @throws the signal's reason
 */
export type Forge = (
  position: Position,
  head: Float32Array,
  where: Neighbourhood,
  signal: AbortSignal,
) => Promise<Float32Array | ReadonlyMap<number, Float32Array>>

/** A vector, and the numbers of those that it goes to. */
export interface Said {
  readonly vector: Float32Array
  readonly receivers: readonly number[]
}

/** What goes to whom: one vector to all of them, unless a forged one is different for each. */
export async function saidTo(
  receivers: readonly number[],
  forge: Forge | undefined,
  ...[position, head, where, signal]: Parameters<Forge>
): Promise<Said[]> {
  const said = (await forge?.(position, head, where, signal)) ?? head
  if (said instanceof Float32Array) return [{ vector: said, receivers }]
  return receivers.map(receiver => ({ vector: said.get(receiver)!, receivers: [receiver] }))
}
