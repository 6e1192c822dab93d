import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { noRunFolder } from '../../src/disk/index.js'

async function folderWith(...runs: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-no-run-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const run of runs) {
    await mkdir(join(folder, run), { recursive: true })
    await writeFile(join(folder, run, 'manifest.yaml'), '')
  }
  return folder
}

async function said(folder: string): Promise<string> {
  const cause = await stat(join(folder, 'manifest.yaml')).catch(error => error)
  return (await noRunFolder(folder, 'manifest.yaml', cause)).message
}

it('says what a folder lacks that is there', async () => {
  const folder = await folderWith()
  expect(await said(folder)).toBe(`${folder}: has no manifest.yaml, so it is no run folder`)
  await writeFile(join(folder, 'notes.txt'), '')
  expect(await said(folder)).toBe(`${folder}: has no manifest.yaml, so it is no run folder`)
})

it('says that a folder is not there', async () => {
  const folder = join(await folderWith(), 'nowhere')
  expect(await said(folder)).toBe(`${folder}: is no run folder: there is no such file or folder`)
})

it.each([
  ['in it', '', ['b', 'a']],
  ['of a sweep', '/runs', ['runs/b', 'runs/a']],
])('names the run folders %s', async (_, within, runs) => {
  const folder = await folderWith(...runs)
  await mkdir(join(folder, 'Logs'))
  expect(await said(`${folder}//`)).toBe(
    `${folder}//: has no manifest.yaml, so it is no run folder; did you mean ${folder}${within}/*, or one of them, as ${folder}${within}/a?`,
  )
})
