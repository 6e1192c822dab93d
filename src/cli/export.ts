import { mustBeVacant, readPeer } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { methodOf } from '../methods/index.js'
import { type ExportFormat, exportFormats, exportPeer } from '../trained/index.js'
import type { Run } from './command.js'

interface ExportOptions {
  readonly peer?: string
  readonly to?: string
  readonly format?: readonly string[]
  readonly bare?: boolean
}

export const run: Run<ExportOptions> = async ([run], { peer: name, to, format, bare = false }, { stdout }) => {
  if (to === undefined)
    throw new HearsayError('USAGE', 'name the folder where the model is to be written', { field: '--to' })
  const formats = formatsOf(format)
  const peer = await readPeer(run!, name)
  await mustBeVacant(to, '--to')
  const files = await exportPeer(peer, to, formats, { bare })
  stdout.write(`${files.map(file => shown(`${to}/${file}`)).join('\n')}\n`)
  const { answers } = methodOf(peer.description.merge)
  if (answers !== undefined && formats.some(kind => kind !== 'safetensors')) {
    stdout.write(
      `${shown(peer.description.name)} answers with ${answers.beside}: TensorFlow.js and Keras get its own model alone; all of it is under safetensors\n`,
    )
  }
  return 0
}

function formatsOf(given: readonly string[] | undefined): readonly ExportFormat[] {
  if (given === undefined) return exportFormats
  return given
    .flatMap(names => names.split(','))
    .map(name => {
      const format = exportFormats.find(known => known === name.trim())
      if (format !== undefined) return format
      throw new HearsayError('USAGE', `must be of ${exportFormats.join(', ')}`, { field: '--format', value: name })
    })
}
