import { execFileSync } from 'node:child_process'
import { readdir, readFile, readlink, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { putFile, syncFiles, writeNew } from '../../src/disk/index.js'
import { emptyFolder } from './children.js'

it('many files are written first and brought to the disk together; one that fails leaves nothing', async () => {
  const folder = await emptyFolder()
  const paths = Array.from({ length: 50 }, (_, at) => join(folder, `${at}`))
  await Promise.all(paths.map(path => writeNew(path, file => file.writeFile('whole'))))
  await syncFiles(paths)
  await syncFiles([])
  expect(await readFile(paths[49]!, 'utf8')).toBe('whole')
  const failing = writeNew(join(folder, 'half'), async file => {
    await file.writeFile('half')
    throw new Error('full')
  })
  await expect(failing).rejects.toThrow('full')
  expect(await readdir(folder)).toHaveLength(50)
  await expect(syncFiles([...paths, join(folder, 'half')])).rejects.toThrow('ENOENT')
})

it('what a user names is replaced, but a link is followed, and what is no file is written to', async () => {
  const folder = await emptyFolder()
  const at = (name: string): string => join(folder, name)
  await putFile(at('new'), 'first')
  await putFile(at('new'), 'second')
  await symlink('new', at('link'))
  await putFile(at('link'), 'third')
  expect([await readlink(at('link')), await readFile(at('new'), 'utf8')]).toEqual(['new', 'third'])
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [at('pipe')])
    const [read] = await Promise.all([readFile(at('pipe'), 'utf8'), putFile(at('pipe'), 'fourth')])
    expect([read, (await stat(at('pipe'))).isFIFO()]).toEqual(['fourth', true])
  }
  expect((await readdir(folder)).filter(name => name.includes('.'))).toEqual([])
})
