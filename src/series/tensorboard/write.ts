import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { measureOf } from '../../data/index.js'
import type { Manifest } from '../../node/index.js'
import { whenRefused } from '../../system-errors.js'
import { type RunRecord, roundsOver } from '../../watch/index.js'
import { createBoard, isEventFile, mustBeNoLink } from './board.js'
import { settingsOf } from './settings.js'

/** Writes a kept run for TensorBoard, in place of what an earlier call, or the run itself, has written there. */
export async function writeBoard(
  folder: string,
  { record, manifest }: { readonly record: RunRecord; readonly manifest: Manifest },
  signal?: AbortSignal,
): Promise<void> {
  await clear(folder)
  const board = createBoard({
    folder,
    measure: measureOf(manifest.data),
    settings: settingsOf(manifest),
    startedMs: record.fromMs ?? 0,
    roundsBefore: 0,
  })
  for (const round of roundsOver(record)) {
    signal?.throwIfAborted()
    board.add(round, record.members)
    // One by one: the run may be larger than what waits to be written should be.
    await board.written()
  }
  board.addBaselines(record)
  await board.written()
}

/** Removes our files there and beneath, and no others. */
async function clear(folder: string): Promise<void> {
  await mustBeNoLink(folder)
  // With their kinds, so that no link to a folder is entered: what it leads to is not ours.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(whenRefused('ENOENT'))
  for (const entry of entries ?? []) {
    if (!entry.isDirectory() && isEventFile(entry.name)) await rm(join(entry.parentPath, entry.name), { force: true })
  }
}
