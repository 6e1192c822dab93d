import type { Neighbourhood, Position, Tell } from '../../methods/index.js'

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

/**
 * Hides a vector from everybody, for one receiver.
 *
 * @returns a view on memory that the next call writes to; undefined where nothing may be handed over
 */
export type Conceal = (vector: Float32Array, receiver: number) => Promise<Float32Array | undefined>

/** A vector, and the numbers of those that it goes to. It is valid until the next one is asked for. */
export interface Said {
  readonly vector: Float32Array
  readonly receivers: readonly number[]
}

interface Instead {
  /** Goes before `tell`. */
  readonly forge?: Forge | undefined
  readonly conceal?: Conceal
  readonly tell?: Tell | undefined
}

/** What goes to whom: one vector to all of them, unless one that is told, forged or hidden is different for each. */
export async function* saidTo(
  receivers: readonly number[],
  { forge, conceal, tell }: Instead,
  ...[position, head, where, signal]: Parameters<Forge>
): AsyncGenerator<Said, void, undefined> {
  const said = (await forge?.(position, head, where, signal)) ?? head
  if (said === head && tell !== undefined) {
    for (const receiver of receivers) yield { vector: await tell(receiver), receivers: [receiver] }
    return
  }
  if (said instanceof Float32Array && conceal === undefined) {
    yield { vector: said, receivers }
    return
  }
  for (const receiver of receivers) {
    const own = said instanceof Float32Array ? said : said.get(receiver)!
    const vector = conceal === undefined ? own : await conceal(own, receiver)
    if (vector !== undefined) yield { vector, receivers: [receiver] }
  }
}
