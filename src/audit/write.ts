import { dirname, join } from 'node:path'
import { explainDisk, makeFolder, replaceFile } from '../disk/index.js'
import { pageOf, pageProgram } from '../report/index.js'
import { type AuditReport, figuresOf } from './report.js'

/** What an audit leaves in a folder. */
export const auditFiles = { data: 'audit.json', page: 'audit.html' } as const

/**
 * Writes an audit into a folder, in place of an earlier one: `audit.json`, which holds figures alone, and `audit.html`, which
 * also has the pictures, records of the peer and what was made of them.
 *
 * @returns their paths
 * @throws {@link HearsayError} `RUN` where the disk is full or cannot be written
 */
export async function writeAudit(folder: string, report: AuditReport): Promise<string[]> {
  const page = pageOf(
    {
      title: `${report.peer}: Hearsay audit`,
      withoutScript: `The figures are in ${auditFiles.data}, too.`,
      data: report,
    },
    await pageProgram('audit'),
  )
  return [
    await put(join(folder, auditFiles.data), `${JSON.stringify(figuresOf(report), null, 2)}\n`),
    // Records of a peer are in it: it is for their owner.
    await put(join(folder, auditFiles.page), page, 0o600),
  ]
}

async function put(path: string, text: string, mode?: number): Promise<string> {
  try {
    await makeFolder(dirname(path))
    await replaceFile(path, text, mode)
  } catch (error) {
    throw explainDisk(error, path, 'The audit was not kept; the run is unchanged')
  }
  return path
}
