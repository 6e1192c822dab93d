import { describe, expect, it } from 'vitest'
import type { AgreementService } from '../../../src/gossip/index.js'
import { agreeWithOthers, isLong } from '../../../src/node/membership/sum-agreement.js'
import { never, startHost } from '../../gossip/hosts.js'

/** Nobody is there, and there never are enough. */
async function lonely(joinSeconds: number): Promise<Parameters<typeof agreeWithOthers>[0]> {
  const agreement: Pick<AgreementService, 'agree'> = {
    agree: signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  }
  return {
    node: await startHost(),
    presence: { live: () => [] },
    runId: new Uint8Array(32),
    agreement: agreement as AgreementService,
    totalBytes: 126,
    joinSeconds,
  }
}

describe('a peer that finds nobody who has the sum', () => {
  it('is told to wait, and gives up in a sentence', async () => {
    const agreeing = agreeWithOthers(await lonely(0.01), never)
    agreeing.catch(() => {})
    expect(await isLong(agreeing, 10)).toBe(true)
    await expect(agreeing).rejects.toThrow(/^no peer has sent the mean and spread .* copy agreed\.json/)
    expect(await isLong(agreeing, 60_000)).toBe(false)
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const agreeing = agreeWithOthers(await lonely(3600), stop.signal)
    stop.abort(new Error('Ctrl-C'))
    await expect(agreeing).rejects.toThrow('Ctrl-C')
  })
})
