/**
 * Yields the values of several sources as they arrive, one at a time from each: the next value is requested from a
 * source once the consumer has requested more. The first source that fails ends all.
 *
 * Not it-merge 3.0.15: it loses the error of a source that fails while two others wait to be read, and never ends
 * (it-queueless-pushable 2.0.5 replaces the promise that it has rejected).
 *
 * @throws what a source throws
 */
export async function* interleaved<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T, void, undefined> {
  const iterators = sources.map(source => source[Symbol.asyncIterator]())
  const settled: { readonly iterator: AsyncIterator<T>; readonly next: Promise<IteratorResult<T>> }[] = []
  let wake = (): void => {}
  const ask = (iterator: AsyncIterator<T>): void => {
    const next = iterator.next()
    const settle = (): void => {
      settled.push({ iterator, next })
      wake()
    }
    next.then(settle, settle)
  }

  try {
    for (const iterator of iterators) ask(iterator)
    for (let open = iterators.length; open > 0; ) {
      while (settled.length === 0) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      const { iterator, next } = settled.shift()!
      const { done, value } = await next
      if (done === true) open -= 1
      else {
        yield value
        ask(iterator)
      }
    }
  } finally {
    // Not awaited: a source that is waiting returns only when its wait ends. A later error was reported by its peer
    // already, or has no receiver.
    for (const iterator of iterators) iterator.return?.(undefined).catch(() => {})
  }
}
