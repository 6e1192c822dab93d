import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { roundsTold } from '../../src/disk/index.js'
import { HearsayError } from '../../src/errors.js'

async function metricsOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-progress-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'metrics.jsonl')
  await writeFile(path, text)
  return path
}

const lines = (...events: readonly object[]): string => events.map(event => `${JSON.stringify(event)}\n`).join('')
const trained = { type: 'trained', peer: 'A', round: 7, loss: 1 }

describe('the rounds that all peers have ended', () => {
  it('are those of the last whole round that is told, whatever faster peers do, and a line that is not yet whole', async () => {
    const text = lines({ type: 'round', round: 0 }, { type: 'round', round: 4 }, trained)
    expect(await roundsTold(await metricsOf(`${text}{"type":"round","round":5`))).toBe(5)
  })

  it('are unknown before the first, and where the file has none near its end', async () => {
    expect(await roundsTold(await metricsOf(''))).toBeUndefined()
    expect(await roundsTold(await metricsOf(lines(trained)))).toBeUndefined()
    const many = lines(...Array.from({ length: 2000 }, () => trained))
    expect(await roundsTold(await metricsOf(lines({ type: 'round', round: 1 }) + many))).toBeUndefined()
  })

  it('cannot be known where there is no file', async () => {
    await expect(roundsTold('/nowhere/metrics.jsonl')).rejects.toThrow(HearsayError)
  })
})
