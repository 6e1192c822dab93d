import { writeThrough } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { newNetworkKey, parseNetworkKey } from '../gossip/index.js'
import { whyNot } from '../system-errors.js'
import type { Run } from './command.js'

interface KeyOptions {
  readonly out: string
}

/** Readable by its owner only: whoever can read the file can join the network. */
const ownerOnly = 0o600

export const run: Run<KeyOptions> = async ([action], { out }, { stdout }) => {
  if (action !== 'new') throw new HearsayError('USAGE', 'the action must be new', { source: `key ${action}` })
  const text = newNetworkKey()
  await writeNew(out, text)
  const { fingerprint } = parseNetworkKey(text, out)
  stdout.write(
    [
      `written      ${out}, readable by you only`,
      `fingerprint  ${fingerprint}`,
      '',
      'Next:',
      '  Give the file to every member, by a way that nobody else sees: whoever has it can connect.',
      '  Compare the fingerprint; it does not show the key.',
      '',
    ].join('\n'),
  )
  return 0
}

/** Never overwrites a file: it may be the key of a running network. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeThrough(path, file => file.writeFile(text), ownerOnly)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new HearsayError(
      'USAGE',
      code === 'EEXIST'
        ? 'is there already; choose another name, or remove it if no network uses that key'
        : whyNot(error),
      { field: '--out', value: path, cause: error },
    )
  }
}
