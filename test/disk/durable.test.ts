import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { syncFiles, writeNew } from '../../src/disk/index.js'
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
