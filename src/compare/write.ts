import { explainDisk, putFile } from '../disk/index.js'
import { pageOf, pageProgram } from '../report/index.js'
import { csvOf } from './csv.js'
import { latexOf } from './latex.js'
import type { Comparison, ComparisonFiles } from './shape.js'

/**
 * Writes a comparison to the files that are named, in place of earlier ones: each is there whole or not at all.
 *
 * @throws {@link HearsayError} `RUN` where one cannot be written
 */
export async function writeComparison(comparison: Comparison, { html, csv, latex }: ComparisonFiles): Promise<void> {
  if (html !== undefined) await put(html, await htmlOf(comparison))
  if (csv !== undefined) await put(csv, csvOf(comparison))
  if (latex !== undefined) await put(latex, latexOf(comparison))
}

async function htmlOf(comparison: Comparison): Promise<string> {
  const withoutScript = 'hearsay compare prints the figures on a terminal, too.'
  return pageOf({ title: 'Hearsay: runs compared', withoutScript, data: comparison }, await pageProgram('compare'))
}

async function put(path: string, text: string): Promise<void> {
  try {
    await putFile(path, text)
  } catch (error) {
    throw explainDisk(error, path, 'The comparison was not written; the runs are unchanged')
  }
}
