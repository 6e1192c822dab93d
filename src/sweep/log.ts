import { open } from 'node:fs/promises'
import { shown } from '../foreign.js'

/** As much of a log's end as is read for a reason: a stack trace, or an error that lists many columns. */
const tailBytes = 8 * 1024

/** How many lines of a log that names no error are told. */
const lastLines = 3

/** Why a run has failed, by the last lines of its log: its error, or whatever it said last. */
export async function lastWords(path: string): Promise<string> {
  const lines = (await tailOf(path)).split('\n').filter(line => line.trim() !== '')
  const error = lines.findLast(line => /^(error: |\w*Error\b)/.test(line))
  return shown(error?.replace(/^error: /, '') ?? lines.slice(-lastLines).join(' / '), 1000)
}

async function tailOf(path: string): Promise<string> {
  await using file = await open(path)
  const { size } = await file.stat()
  const bytes = Buffer.alloc(Math.min(size, tailBytes))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length)
  return bytes.toString('utf8', 0, bytesRead)
}
