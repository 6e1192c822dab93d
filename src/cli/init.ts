import { existsSync } from 'node:fs'
import pc from 'picocolors'
import { putFile, writeThrough } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { checkedTopology, type Manifest, parseManifest } from '../node/index.js'
import { command, typed } from '../shell.js'
import { whyNot } from '../system-errors.js'
import { countOf } from '../watch/index.js'
import { interruptedStatus, type Run } from './command.js'
import { commentedManifest } from './commented-manifest.js'
import { askForRun, type InitOptions } from './questions.js'
import { manifestFrom } from './run-flags.js'
import { mergeText } from './traffic.js'

const defaultOut = 'run.yaml'

export const run: Run<InitOptions> = async (_, flags, { stdout, stderr, signal }) => {
  const { stdin } = process
  // Checked first: nobody wants to answer questions for a file that cannot be written.
  refuseToOverwrite(flags.out ?? (flags.yes ? defaultOut : undefined), flags)
  if (!flags.yes && !(stdin.isTTY && stdout.isTTY)) {
    throw new HearsayError(
      'USAGE',
      'init asks its questions on a terminal, and this is none; add --yes to take the defaults for what no flag says',
    )
  }
  const chosen = flags.yes ? flags : await askForRun(flags, { input: stdin, output: stdout, signal })
  if (chosen === undefined) {
    stderr.write('Interrupted; nothing was written.\n')
    return interruptedStatus
  }
  const manifest = await manifestOf(chosen)
  // A file that `simulate` would refuse is not written: some methods and rules need more neighbours than a graph has.
  checkedTopology(manifest, manifest.peers)
  const out = chosen.out ?? defaultOut
  await write(out, commentedManifest(manifest), chosen)
  stdout.write(`${told(out, manifest)}\n`)
  return 0
}

/** The manifest that the flags describe. */
export async function manifestOf({ minPeers, ...flags }: InitOptions): Promise<Manifest> {
  const manifest = await manifestFrom(undefined, flags)
  return minPeers === undefined ? manifest : parseManifest({ ...manifest, minPeers }, 'the command line')
}

function refuseToOverwrite(out: string | undefined, { force }: InitOptions): void {
  if (out !== undefined && force !== true && existsSync(out)) throw isThere(out)
}

function isThere(out: string): HearsayError {
  return new HearsayError('USAGE', 'is there already; write over it with --force, or name another with --out', {
    source: out,
  })
}

async function write(out: string, text: string, { force }: InitOptions): Promise<void> {
  try {
    if (force) await putFile(out, text)
    else await writeThrough(out, file => file.writeFile(text))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw isThere(out)
    if (code === undefined) throw error
    throw new HearsayError('USAGE', whyNot(error), { field: '--out', value: out })
  }
}

function told(out: string, manifest: Manifest): string {
  const { data, model, rounds, minPeers } = manifest
  const what = `${data.set}, ${'path' in model ? model.path : model.kind}, ${mergeText(manifest)}`
  return [
    `${shown(out)}   ${shown(what)}, ${countOf(rounds, 'round')}, begins with ${countOf(minPeers, 'peer')}`,
    '',
    'Next:',
    `  ${command(`simulate ${typed(out)}`)}   ${pc.dim('# try it: all its peers on this machine')}`,
    `  ${command(`start ${typed(out)}`)}      ${pc.dim('# open it to others')}`,
  ].join('\n')
}
