import { createWriteStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { HearsayError } from '../errors.js'
import { type Manifest, type Member, manifestYaml } from '../node/index.js'
import { type Layout, safetensorsHeader } from '../tensors/index.js'
import type { RunEvent } from './events.js'
import type { RunSummary } from './summary.js'

/** A run on disk: manifest, addresses, metrics as they come, and at the end summary and parameters. */
export interface RunFolder {
  readonly path: string
  /** Who takes part and where each listens: `peers.json`. */
  writeMembers(members: readonly Member[]): Promise<void>
  /** One line of `metrics.jsonl`. */
  append(event: RunEvent): void
  writeParameters(name: string, layout: Layout, values: Float32Array): Promise<void>
  writeSummary(summary: RunSummary): Promise<void>
  close(): Promise<void>
}

/** A peer's name as a file's: peers by a column of a table are called whatever stands there. */
export function fileOf(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a file's name
  return name.replace(/[\u0000-\u001f%/\\:*?"<>|]/g, c => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** A folder's name for a run: when, and which. */
export function defaultRunFolder(runId: string, now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(':', '-')
  return join('runs', `${time}-${runId.slice(0, 8)}`)
}

/**
 * Makes the folder and writes the manifest.
 *
 * @throws {@link HearsayError} when there is something in it already: no run overwrites another
 */
export async function createRunFolder(path: string, manifest: Manifest): Promise<RunFolder> {
  await makeEmptyFolder(path)
  await mkdir(join(path, 'peers'))
  await writeFile(join(path, 'manifest.yaml'), manifestYaml(manifest))
  const metrics = createWriteStream(join(path, 'metrics.jsonl'))
  const json = (name: string, value: unknown): Promise<void> =>
    writeFile(join(path, name), `${JSON.stringify(value, null, 2)}\n`)
  return {
    path,
    writeMembers: members =>
      json(
        'peers.json',
        members.map(({ name, peerId, addresses }, peer) => ({
          peer,
          name,
          id: peerId.toString(),
          addresses: addresses.map(String),
        })),
      ),
    append(event) {
      metrics.write(`${JSON.stringify(event)}\n`)
    },
    // Header and numbers one after the other: no second copy of every peer's model at the end of a run.
    writeParameters: (name, layout, values) =>
      writeFile(join(path, 'peers', `${fileOf(name)}.safetensors`), [
        safetensorsHeader(layout),
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      ]),
    writeSummary: summary => json('summary.json', summary),
    async close() {
      metrics.end()
      await finished(metrics)
    },
  }
}

async function makeEmptyFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
    if ((await readdir(path)).length === 0) return
  } catch (error) {
    throw new HearsayError('RUN', `--out ${path}: cannot be made (${(error as NodeJS.ErrnoException).code})`)
  }
  throw new HearsayError('RUN', `--out ${path}: is not empty; name a new folder, a run does not overwrite another`)
}
