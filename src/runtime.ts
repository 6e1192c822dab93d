import util from 'node:util'

/*
 * Two functions that our libraries call and that not every supported Node has. Import this module before them.
 *
 * libp2p 3 calls Promise.withResolvers, which came with Node 22. @tensorflow/tfjs-node 4.22 calls the type checks
 * that Node 23 took out of node:util.
 */

if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', {
    configurable: true,
    writable: true,
    value<T>(this: PromiseConstructor) {
      let resolve!: (value: T | PromiseLike<T>) => void
      let reject!: (reason?: unknown) => void
      const promise = new this<T>((onFulfilled, onRejected) => {
        resolve = onFulfilled
        reject = onRejected
      })
      return { promise, resolve, reject }
    },
  })
}

const removedFromUtil = {
  isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
  isArray: Array.isArray,
}
for (const [name, check] of Object.entries(removedFromUtil)) {
  if (!(name in util)) Object.defineProperty(util, name, { value: check, configurable: true })
}
