import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityLimitBytes, loadOrCreateIdentity } from '../../src/disk/index.js'
import { HearsayError } from '../../src/errors.js'
import { emptyFolder } from './children.js'

const posix = process.platform !== 'win32'

async function keyFile(text: string | Uint8Array): Promise<string> {
  const path = join(await emptyFolder(), 'identity.key')
  await writeFile(path, text, { mode: 0o600 })
  return path
}

describe('an identity’s file', () => {
  it('is made once, with the folders above it, and read from then on', async () => {
    const folder = join(await emptyFolder(), 'runs', 'first')
    const path = join(folder, 'identity.key')
    const made = await loadOrCreateIdentity(path)
    const read = await loadOrCreateIdentity(path)
    expect(read.peerId.toString()).toBe(made.peerId.toString())
    expect(read.privateKey.equals(made.privateKey)).toBe(true)
    expect(await readdir(folder)).toEqual(['identity.key'])
    const [comment, key, ...rest] = (await readFile(path, 'utf8')).split('\n')
    expect(comment).toMatch(/^# The private key of a Hearsay peer .*Keep it secret/)
    expect(Buffer.from(key!, 'base64')).toEqual(Buffer.from(privateKeyToProtobuf(made.privateKey)))
    expect(rest).toEqual([''])
  })

  it.runIf(posix)('is for its owner alone', async () => {
    const path = join(await emptyFolder(), 'identity.key')
    await loadOrCreateIdentity(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    for (const mode of [0o640, 0o604, 0o620, 0o601, 0o777]) {
      await chmod(path, mode)
      await expect(loadOrCreateIdentity(path)).rejects.toThrow(
        new HearsayError('RUN', `others may read this private key; run: chmod 600 ${path}`, { source: path }),
      )
    }
    for (const mode of [0o600, 0o400]) {
      await chmod(path, mode)
      await loadOrCreateIdentity(path)
    }
  })

  it('is the same for all who make it at once', async () => {
    const folder = await emptyFolder()
    const all = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateIdentity(join(folder, 'identity.key'))))
    expect(new Set(all.map(({ peerId }) => peerId.toString())).size).toBe(1)
    expect(await readdir(folder)).toEqual(['identity.key'])
  })

  it('may have comments, empty lines and the line ends of Windows', async () => {
    const { privateKey, peerId } = await loadOrCreateIdentity(join(await emptyFolder(), 'identity.key'))
    const key = Buffer.from(privateKeyToProtobuf(privateKey)).toString('base64')
    const path = await keyFile(`# Boston\r\n\r\n${key}\r\n# the end`)
    expect((await loadOrCreateIdentity(path)).peerId.toString()).toBe(peerId.toString())
  })

  it('that holds something else is refused and left as it is', async () => {
    const rsaLike = Buffer.from(privateKeyToProtobuf(await generateKeyPair('secp256k1'))).toString('base64')
    const cases: [string, string][] = [
      ['', '0 lines that are no comment'],
      ['# only a comment\n', '0 lines that are no comment'],
      ['AAAA\nAAAA\n', '2 lines that are no comment'],
      ['not base64!\n', 'what is not base64'],
      ['AAAA\n', 'another kind of key, or a damaged one'],
      [rsaLike, 'another kind of key, or a damaged one'],
      ['x'.repeat(identityLimitBytes + 1), `${identityLimitBytes + 1} bytes`],
    ]
    for (const [text, instead] of cases) {
      const path = await keyFile(text)
      await expect(loadOrCreateIdentity(path)).rejects.toThrow(
        `${path}: holds ${instead} instead of one Ed25519 private key; bring back the file from a copy`,
      )
      expect(await readFile(path, 'utf8')).toBe(text)
    }
  })

  it('with anything in it is read or refused, never a bug', async () => {
    const path = await keyFile('')
    const refused = async (content: string | Uint8Array): Promise<void> => {
      await writeFile(path, content)
      await expect(loadOrCreateIdentity(path)).rejects.toBeInstanceOf(HearsayError)
    }
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), refused), { numRuns: 50 })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), bytes => refused(Buffer.from(bytes).toString('base64'))),
      { numRuns: 100 },
    )
    const key = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519')))
    for (let length = 0; length < key.length; length++) await refused(key.subarray(0, length).toString('base64'))
    for (let at = 0; at < key.length; at++) {
      const changed = Buffer.from(key)
      changed[at]! ^= 1 << (at % 8)
      await refused(changed.toString('base64'))
    }
  })

  it('that is no file, or in a place that is no folder, is refused', async () => {
    const folder = await emptyFolder()
    await mkdir(join(folder, 'identity.key'))
    await expect(loadOrCreateIdentity(join(folder, 'identity.key'))).rejects.toThrow('is no file')
    const file = await keyFile('')
    await expect(loadOrCreateIdentity(join(file, 'identity.key'))).rejects.toThrow(
      'there is no such folder: a file stands in its way',
    )
  })
})
