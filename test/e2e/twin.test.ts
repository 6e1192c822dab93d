import { cp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './hearsay.js'
import { end, endlessField, joinPeer, killAll, manifestFile, resumePeer, roundsOf, startPeer, until } from './peers.js'

describe('a run folder that was copied', () => {
  it('stops where it began later, is told of where it began earlier, and may move after a crash', async () => {
    const folder = await temporaryFolder()
    const [first, original, copy] = ['first', 'original', 'copy'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const there = startPeer(await manifestFile(endlessField), first, ['--as', 'there'])
    const one = joinPeer(await there.address, original, ['--as', 'one'])
    await until(() => roundsOf(original) > 0, [there, one])

    // As it comes to another machine, where the lock of this one says nothing; what is half written may be gone by then.
    const isCopied = (path: string): boolean => !basename(path).startsWith('lock.') && !path.endsWith('.part')
    await cp(original, copy, { recursive: true, filter: isCopied })
    const two = resumePeer('join', copy)
    let warned = ''
    one.running.child.stderr!.on('data', (text: string) => {
      warned += text
    })
    const { status, stderr } = await end(two)
    expect(status).toBe(2)
    expect(stderr).toMatch(/another process is this peer, 12D3\S+, since \S+ too; was the folder copied\?/)
    await until(() => warned.includes('must stop; was the folder copied?'), [there, one])
    const sofar = roundsOf(original)
    await until(() => roundsOf(original) > sofar, [there, one])

    // Nobody answers for a process that was killed: its folder goes on, wherever it is.
    await killAll([one])
    const before = roundsOf(copy)
    const moved = resumePeer('join', copy)
    await until(() => roundsOf(copy) > before + 2, [there, moved])
    moved.running.child.kill('SIGINT')
    const ended = await end(moved)
    expect(ended.stderr).not.toContain('copied')
    there.running.child.kill('SIGINT')
    expect((await end(there)).stderr).not.toContain('copied')
  })
})
