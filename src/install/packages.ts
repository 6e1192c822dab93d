import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../errors.js'
import { lastWords, runTool } from './tool.js'

/**
 * The package with the binding's sources and its JavaScript. @tensorflow/tfjs-node-gpu is the same, file by file, but
 * for its name and for which library its install script downloads; that script is not run, so one name is enough.
 */
export const bindingPackage = '@tensorflow/tfjs-node'

/** Pinned: the binding's sources are compiled against another TensorFlow than they were written for. */
const packages = [`${bindingPackage}@4.22.0`, 'node-api-headers@1.9.0']

/** 115 MB from npm; 23 s were measured. */
const npmMs = 20 * 60_000

/** Settings that npm hands down to what it starts, as under npx or a script, and that would send packages elsewhere. */
const inherited =
  /^npm_config_(global|location|prefix|local_prefix|workspaces?|include_workspace_root|dry_run|package_lock_only|omit)$/i

/**
 * Installs the packages into an empty folder. Their install scripts do not run: the binding's would download a
 * TensorFlow of 2022.
 *
 * @returns the folder's node_modules
 * @throws {@link HearsayError} `BACKEND`; the signal's reason
 */
export async function installPackages(folder: string, signal?: AbortSignal): Promise<string> {
  // Without a package.json of its own npm looks for one in the folders above.
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--omit=dev', '--loglevel=error']
  const result = await runTool('npm', ['install', ...flags, `--prefix=${folder}`, ...packages], {
    purpose: 'npm install',
    deadlineMs: npmMs,
    cwd: folder,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name))),
    ...(signal && { signal }),
  })
  if (result === undefined) {
    throw new HearsayError(
      'BACKEND',
      'there is no npm on the PATH; it comes with Node.js, or as the package npm of the system',
    )
  }
  if (result.status !== 0) {
    throw new HearsayError(
      'BACKEND',
      `npm cannot install ${packages[0]} (${lastWords(result)}); check the network and npm's registry`,
    )
  }
  const modules = join(folder, 'node_modules')
  await removeSourceMaps(modules)
  return modules
}

/** Two thirds of what these packages take on disk; nothing reads them at run time. */
async function removeSourceMaps(modules: string): Promise<void> {
  for (const entry of await readdir(modules, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name.endsWith('.js.map')) await rm(join(entry.parentPath, entry.name))
  }
}
