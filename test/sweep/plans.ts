import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Plan, planRuns, readSweep } from '../../src/sweep/index.js'

/** A folder with these files, removed when the test is over. */
export async function folderOf(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-sweep-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** The runs of a sweep that is written so. */
export async function planned(yaml: string, files: Readonly<Record<string, string>> = {}): Promise<Plan> {
  const folder = await folderOf({ ...files, 'sweep.yaml': yaml })
  return planRuns(await readSweep(join(folder, 'sweep.yaml')), new AbortController().signal)
}
