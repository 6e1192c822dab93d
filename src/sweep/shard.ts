import { HearsayError } from '../errors.js'

/** The part of a sweep that one machine runs: the `number`-th of `of`, from 1. */
export interface Shard {
  readonly number: number
  readonly of: number
}

/** As many as runs; more have nothing to do. */
const shardsLimit = 10_000

/** Reads "2/8". */
export function parseShard(text: string): Shard {
  const [, number, of] = /^(\d{1,5})\/(\d{1,5})$/.exec(text)?.map(Number) ?? []
  if (number === undefined || of === undefined || of > shardsLimit || number < 1 || number > of) {
    const problem = `must be i/n, i from 1 to n and n at most ${shardsLimit}, as 2/8`
    throw new HearsayError('USAGE', problem, { field: '--shard', value: text })
  }
  return { number, of }
}

/** The shard's runs: every n-th, so that each shard has its share of every part of the list. */
export function ofShard<T>(runs: readonly T[], { number, of }: Shard): T[] {
  return runs.filter((_, at) => at % of === number - 1)
}
