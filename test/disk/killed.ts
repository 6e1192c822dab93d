import { expect } from 'vitest'
import { type Child, emptyFolder, startFixture } from './children.js'

/**
 * Kills a process before each change that it makes to the file system while it keeps a round, and looks at what is then
 * on the disk: the round before, or this one, and all of it. The next process goes on from that.
 *
 * @param where - see test/fixtures/disk/keeping.mjs
 * @returns how many changes there are
 */
export async function killedAtEachChange(
  where: 'field' | 'simulation',
  what: 'averaging' | 'mixture',
  roundIn: (folder: string) => Promise<number>,
): Promise<number> {
  const folder = await emptyFolder()
  const begin = (at: number): Child => startFixture('killing.mjs', [where, what, folder, String(at)])
  // The third is the first before which an older one gives way.
  for (let whole = 0; whole < 2; whole++) await begin(0).ended
  let round = await roundIn(folder)
  expect(round).toBe(2)
  for (let at = 1; ; at++) {
    const child = begin(at)
    const line = await child.next()
    await child.ended
    const now = await roundIn(folder)
    if (line !== undefined) {
      expect(now).toBe(round + 1)
      return (JSON.parse(line) as { changes: number }).changes
    }
    expect(child.process.signalCode).toBe('SIGKILL')
    expect([round, round + 1]).toContain(now)
    round = now
  }
}
