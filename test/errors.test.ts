import { describe, expect, it } from 'vitest'
import { HearsayError, whose } from '../src/errors.js'
import { parseManifest } from '../src/node/index.js'
import { createTopology } from '../src/topology/index.js'

/** What is thrown. */
function errorOf(work: () => unknown): HearsayError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(HearsayError)
    return error as HearsayError
  }
  return expect.unreachable()
}

describe('an error that a user can mend', () => {
  it('names source, place and field in its sentence, and beside it', () => {
    const about = { source: 'run.yaml', place: '3:5', field: 'training.clip' }
    const error = new HearsayError('MANIFEST', 'must be more than 0', { ...about, cause: new Error('why') })
    expect(error.message).toBe('run.yaml:3:5: training.clip: must be more than 0')
    expect(error).toMatchObject({ code: 'MANIFEST', problem: 'must be more than 0', about })
    expect(error.cause).toEqual(new Error('why'))
    expect(new HearsayError('RUN', 'is over').message).toBe('is over')
    const flag = new HearsayError('USAGE', 'must be a number', { field: '--port', value: 'x' })
    expect(flag.message).toBe('--port x: must be a number')
  })

  it('of a manifest says of which field', () => {
    expect(errorOf(() => parseManifest({ rounds: 0 }, 'run.yaml')).about).toEqual({
      source: 'run.yaml',
      field: 'rounds',
    })
    expect(errorOf(() => createTopology({ kind: 'grid', rows: 3, weights: 'uniform' }, 8, 1)).code).toBe('TOPOLOGY')
  })

  it('keeps what it is about when it is told whose it is', async () => {
    const failing = Promise.reject(new HearsayError('DIVERGED', 'in round 3'))
    await expect(whose('basel', failing)).rejects.toMatchObject({
      code: 'DIVERGED',
      message: 'basel: in round 3',
      about: { source: 'basel' },
    })
  })
})
