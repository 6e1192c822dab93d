/*
 * The operating system's refusals, as sentences with a remedy: a missing disk, file or socket is never a bug of ours,
 * wherever the error is met.
 */

const raise = 'raise the limit, as with ulimit -n 4096, or take fewer peers'

/** Each goes on after the name of a file: "a.csv: is a folder, not a file". */
const problems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'there is no such folder: a file stands in its way',
  EACCES: 'this user may not read and write there (EACCES); change the permissions',
  EPERM: 'this user may not read and write there (EPERM); change the permissions',
  EISDIR: 'is a folder, not a file',
  EEXIST: 'is there already; name another',
  ENOTEMPTY: 'is not empty; name another',
  ELOOP: 'is a link that leads back to itself',
  ENAMETOOLONG: 'is longer than names may be there; choose a shorter one',
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'your quota is used up; make room',
  EFBIG: 'files may not be so large there (EFBIG); raise the limit, see ulimit -f, or use another disk',
  EROFS: 'the disk can only be read; make it writable, or name another place',
  EIO: 'the disk fails (EIO); see to it',
  ENXIO: 'the disk fails (ENXIO); see to it',
  EBUSY: 'is in use by another program (EBUSY)',
  ETXTBSY: 'is in use by another program (ETXTBSY)',
  EMFILE: `too many files are open for this process; ${raise}`,
  ENFILE: 'too many files are open on this machine; close other programs',
  ENOMEM: 'there is no memory left; close other programs',
  ENOBUFS: 'there is no room left for connections; close other programs',
}

/** The code of a system's refusal: ENOSPC. */
export function systemCode(error: unknown): string | undefined {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return typeof code === 'string' && Object.hasOwn(problems, code) ? code : undefined
}

/**
 * For a `catch`: undefined where the system has refused; every other error, which may be a bug, is rethrown.
 *
 * @param codes - the refusals that are expected. @default any
 */
export function whenRefused(...codes: readonly string[]): (error: unknown) => undefined {
  return error => {
    const code = systemCode(error)
    if (code === undefined || (codes.length > 0 && !codes.includes(code))) throw error
    return undefined
  }
}

/** What a refusal of the system means and what to do; undefined for any other error, which may be a bug. */
export function systemProblem(error: unknown): string | undefined {
  const code = systemCode(error)
  return code === undefined ? undefined : problems[code]
}

/** The same for an error that is known to come from the system, rare ones included. */
export function whyNot(error: unknown): string {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException
  return systemProblem(error) ?? `cannot be used (${code ?? message ?? String(error)})`
}

/** A refusal may be wrapped by the code that met it, and several of them bundled. */
const depth = 4

/**
 * The refusal of the system behind an unexpected error, in one line. A missing file does not count: only the code that
 * opens a file knows whether it must be there.
 */
export function unexpectedRefusal(error: unknown, left = depth): string | undefined {
  if (typeof error !== 'object' || error === null || left === 0) return undefined
  const { code, path, message, cause, errors } = error as NodeJS.ErrnoException & { errors?: unknown; cause?: unknown }
  // Node looks for modules by opening files, and reports one that cannot be opened as missing.
  const isLimit = code === 'EMFILE' || /\bEMFILE\b/.test(message ?? '')
  if (isLimit || code === 'ERR_MODULE_NOT_FOUND') {
    const limit = openFilesLimit()
    if (isLimit || limit < filesToLoad) return tooFewFiles(limit)
  }
  const problem = code === 'ENOENT' ? undefined : systemProblem(error)
  if (problem !== undefined) return path === undefined ? problem : `${path}: ${problem}`
  for (const inner of [cause, ...(Array.isArray(errors) ? errors : [])]) {
    const found = unexpectedRefusal(inner, left - 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** Node opens a program's modules all at once: `start` did not load with 220 files, and did with 300. */
const filesToLoad = 512

/**
 * The message that a process may have too few files open.
 *
 * @param limit - how many there may be
 * @param needed - how many there must be
 */
export function tooFewFiles(limit: number, needed = filesToLoad): string {
  const allowed = Number.isFinite(limit) ? `this process may have ${limit} files open at once` : problems.EMFILE!
  return `${allowed}, and ${needed} are needed here; ${raise}`
}

/** How many files and sockets this process may have open at once; infinite where the system does not report it. */
export function openFilesLimit(): number {
  if (process.report === undefined) return Infinity
  // Without this the report resolves the names of all hosts that we are connected to.
  Object.assign(process.report, { excludeNetwork: true })
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  const soft = Number(userLimits?.open_files?.soft)
  return Number.isNaN(soft) ? Infinity : soft
}
