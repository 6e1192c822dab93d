import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, expect } from 'vitest'
import { type Dataset, type Samples, sharedLabels, sharedNumbers } from '../../src/data/index.js'
import { HearsayError } from '../../src/errors.js'

/** The path of a committed fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url))
}

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** A folder that lives as long as the test, with these files; names in .gz are compressed. */
export async function folderWith(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-data-'))
  folders.push(folder)
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), name.endsWith('.gz') ? gzipSync(content) : content)
  }
  return folder
}

/** Samples with one input, which is the sample's number. */
export function numbered(labels: readonly number[]): Samples {
  const inputs = sharedNumbers(labels.length)
  inputs.set(Array.from(labels.keys()))
  const own = sharedLabels(labels.length)
  own.set(labels)
  return { inputs, labels: own, size: labels.length }
}

/** A data set of numbered samples with the same labels for training and testing. */
export function numberedDataset(labels: readonly number[], classes: number): Dataset {
  return {
    name: 'numbered',
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    inputShape: [1],
    train: numbered(labels),
    test: numbered(labels),
  }
}

/** `count` labels, the classes in turn. */
export function balanced(count: number, classes: number): number[] {
  return Array.from({ length: count }, (_, i) => i % classes)
}

/** Runs a decoder on hostile bytes: it may return, or throw a HearsayError of one line; nothing else. */
export async function onlyHearsayErrors(decode: () => unknown): Promise<void> {
  try {
    await decode()
  } catch (error) {
    expect(error).toBeInstanceOf(HearsayError)
    expect((error as HearsayError).code).toBe('DATA')
  }
}
