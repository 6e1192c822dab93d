import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { type InstallEvent, installNative, removeInstalled } from '../install/index.js'
import { nativeFolder } from '../learner/index.js'
import { command } from '../shell.js'
import { byteCount, duration } from '../watch/index.js'
import { interruptedStatus, type Run } from './command.js'

interface BackendOptions {
  readonly cuda?: boolean
  readonly wheel?: string
}

export const run: Run<BackendOptions> = async ([action], { cuda = false, wheel }, { stdout, stderr, signal }) => {
  const say = (line: string): void => void stdout.write(`${line}\n`)
  if (action === 'remove') {
    if (cuda || wheel !== undefined)
      throw new HearsayError('USAGE', 'backend remove: --cuda and --wheel go with install')
    const bytes = await removeInstalled()
    say(
      bytes === undefined
        ? `nothing is installed in ${nativeFolder()}`
        : `removed ${nativeFolder()} (${byteCount(bytes)})`,
    )
    return 0
  }
  if (action !== 'install') {
    throw new HearsayError('USAGE', 'the action must be one of install, remove', { source: `backend ${action}` })
  }
  const begun = performance.now()
  const seconds = (): string => duration((performance.now() - begun) / 1000)
  try {
    await installNative({
      cuda,
      ...(wheel !== undefined && { wheel }),
      signal,
      onProgress: event => say(lineOf(event, seconds())),
    })
  } catch (error) {
    if (!signal.aborted) throw error
    stderr.write('Interrupted; nothing was installed, and what was there before is unchanged.\n')
    return interruptedStatus
  }
  return 0
}

function lineOf(event: InstallEvent, elapsed: string): string {
  switch (event.type) {
    case 'planned': {
      const { folder, source, downloadBytes, diskBytes } = event
      return [
        `Native TensorFlow from ${source}, its binding compiled here, into ${folder}.`,
        `It downloads about ${byteCount(downloadBytes)} and takes about ${byteCount(diskBytes)} of disk. Ctrl-C undoes it.`,
      ].join('\n')
    }
    case 'step':
      return `${elapsed.padStart(6)}  ${shown(event.text)}`
    case 'done': {
      const { installed, gpu, before, after } = event
      const device = gpu ? 'the GPU' : installed.cuda ? 'the CPU: it sees no GPU here' : 'the CPU'
      return [
        '',
        `installed   TensorFlow ${installed.tensorflow} from ${installed.wheel}, under ${installed.package}`,
        `tried       on ${device}: training took the loss from ${before.toFixed(3)} to ${after.toFixed(3)}`,
        `where       ${nativeFolder()} (${byteCount(installed.bytes)}), in ${elapsed}`,
        '',
        'Next:',
        `  ${command('doctor')}           # what this machine computes with, and how fast`,
        `  ${command('backend remove')}   # undo`,
      ].join('\n')
    }
  }
}
