import { basename, join, resolve } from 'node:path'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { type SeriesFormat, seriesFormats, writeSeries } from '../series/index.js'
import type { Run } from './command.js'

interface FiguresOptions {
  readonly format?: readonly string[]
  readonly to?: string
}

export const run: Run<FiguresOptions, readonly [folders: readonly string[]]> = async (
  [folders],
  { format = ['csv'], to },
  { stdout, signal },
) => {
  const formats = formatsOf(format)
  for (const folder of folders) {
    const name = basename(resolve(folder))
    const paths = await writeSeries(folder, { name, formats, to: to === undefined ? folder : join(to, name), signal })
    for (const path of paths) stdout.write(`${shown(path, 1000)}\n`)
  }
  return 0
}

function formatsOf(given: readonly string[]): SeriesFormat[] {
  return given
    .flatMap(names => names.split(','))
    .map(name => {
      const format = seriesFormats.find(known => known === name.trim())
      if (format !== undefined) return format
      throw new HearsayError('USAGE', `must be of ${seriesFormats.join(', ')}`, { field: '--format', value: name })
    })
}
