/**
 * What several sources tell, as it comes; of each one thing at a time: it is asked for the next once whoever reads asks
 * for more. The first that fails ends all.
 *
 * Not it-merge 3.0.15: a source that fails while two others wait to be read is lost there, and the reader waits for ever
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
    // Not awaited: one that waits for something else returns only when that has come. What it fails with then, its peer
    // has told already, or nobody is there to hear it.
    for (const iterator of iterators) iterator.return?.(undefined).catch(() => {})
  }
}
