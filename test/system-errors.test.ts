import { describe, expect, it, vi } from 'vitest'
import { openFilesLimit, systemProblem, tooFewFiles, unexpectedRefusal, whyNot } from '../src/system-errors.js'

/** As Node makes it. */
const refused = (code: string, path?: string): Error =>
  Object.assign(new Error(`${code}: said so`), { code, ...(path !== undefined && { path }) })

/** A process with this limit of open files. */
function limitedTo(soft: number | 'unlimited'): void {
  vi.spyOn(process.report!, 'getReport').mockReturnValue({ userLimits: { open_files: { soft, hard: soft } } } as never)
}

describe('a refusal of the system', () => {
  it('is a sentence with a remedy', () => {
    expect(systemProblem(refused('ENOSPC'))).toBe('the disk is full; make room')
    expect(systemProblem(new Error('ours'))).toBeUndefined()
    expect(systemProblem(undefined)).toBeUndefined()
    expect(whyNot(refused('EWEIRD'))).toBe('cannot be used (EWEIRD)')
    expect(whyNot('thrown')).toBe('cannot be used (thrown)')
  })

  it('is found behind whoever met it, and in a bundle', () => {
    expect(unexpectedRefusal(refused('EROFS', '/run'))).toMatch(/^\/run: the disk can only be read/)
    expect(unexpectedRefusal(new Error('dial failed', { cause: refused('ENOBUFS') }))).toMatch(/^there is no room left/)
    expect(unexpectedRefusal(new AggregateError([new Error('a'), refused('EACCES', '/b')]))).toMatch(/^\/b: this user/)
  })

  it('is not every error: ours are bugs, a file that is missing may be one, and who refers to itself ends', () => {
    expect(unexpectedRefusal(new TypeError('x is undefined'))).toBeUndefined()
    expect(unexpectedRefusal(refused('ENOENT', 'dist/a.js'))).toBeUndefined()
    const circular = new Error('a')
    circular.cause = circular
    expect(unexpectedRefusal(circular)).toBeUndefined()
  })

  it('of open files tells how many there may be, also when it hides behind a module or a thread', () => {
    limitedTo(64)
    const told = 'this process may have 64 files open at once, and 512 are needed here; raise the limit, as with ulimit'
    expect(unexpectedRefusal(refused('EMFILE', 'dist/a.js'))).toContain(told)
    expect(unexpectedRefusal(refused('ERR_MODULE_NOT_FOUND'))).toContain(told)
    expect(unexpectedRefusal(new Error('EMFILE: too many open files, open a.js'))).toContain(told)
    limitedTo(20_000)
    expect(unexpectedRefusal(refused('ERR_MODULE_NOT_FOUND'))).toBeUndefined()
    expect(unexpectedRefusal(refused('EMFILE'))).toContain('may have 20000 files open')
  })

  it('of open files is none where nobody limits them', () => {
    limitedTo('unlimited')
    expect(openFilesLimit()).toBe(Infinity)
    expect(tooFewFiles(Infinity)).toMatch(/^too many files are open for this process/)
  })
})
