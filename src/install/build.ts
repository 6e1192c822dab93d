import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../errors.js'
import { librariesOf, type Target } from './target.js'
import { lastWords, runTool } from './tool.js'

/*
 * The binding is two C++ files against N-API, so it is compiled directly: node-gyp would want make, a Python, and
 * Node's headers of this very version from the network, and its macOS settings look for a library name that the wheel
 * does not have. N-API's headers come as a package. One binding serves every Node from 12.22 on.
 */

/** The N-API version that the package looks for: the last one of its list. */
const napiVersion = 8

const versionMs = 30_000
/** 14 s were measured on two cores. */
const compileMs = 10 * 60_000

/**
 * Finds a C++ compiler: $CXX, c++, g++ or clang++.
 *
 * @throws {@link HearsayError} `BACKEND` that names the package to install
 */
export async function findCompiler(
  signal?: AbortSignal,
  commands: readonly string[] = [process.env.CXX ?? '', 'c++', 'g++', 'clang++'],
): Promise<readonly [string, ...string[]]> {
  for (const command of commands) {
    // CXX may begin with a launcher: "ccache g++".
    const [file, ...args] = command.trim().split(/\s+/)
    if (file === undefined || file === '') continue
    const result = await runTool(file, [...args, '--version'], {
      purpose: `${command} --version`,
      deadlineMs: versionMs,
      ...(signal && { signal }),
    })
    if (result?.status === 0) return [file, ...args]
  }
  throw new HearsayError(
    'BACKEND',
    'there is no C++ compiler on the PATH: apt install g++ (Debian, Ubuntu), dnf install gcc-c++ (Fedora), xcode-select --install (macOS)',
  )
}

/**
 * Compiles the binding of an unpacked package, whose `deps` folder is laid out, and puts it where the package looks.
 *
 * @param modules - the node_modules folder that holds the package and the N-API headers
 * @throws {@link HearsayError} `BACKEND` with the compiler's error; the signal's reason
 */
export async function compileBinding(
  compiler: readonly [string, ...string[]],
  modules: string,
  packageName: string,
  target: Pick<Target, 'platform'>,
  signal?: AbortSignal,
): Promise<void> {
  const folder = join(modules, packageName)
  const out = join('lib', `napi-v${napiVersion}`, 'tfjs_binding.node')
  await mkdir(join(folder, 'lib', `napi-v${napiVersion}`), { recursive: true })
  const [file, ...first] = compiler
  const args = [...first, ...compilerArguments(join(modules, 'node-api-headers', 'include'), out, target)]
  const result = await runTool(file, args, {
    purpose: 'the compilation of the binding',
    deadlineMs: compileMs,
    cwd: folder,
    ...(signal && { signal }),
  })
  if (result?.status === 0) return
  const said = result === undefined ? 'it is gone' : lastWords(result)
  throw new HearsayError(
    'BACKEND',
    `${compiler.join(' ')} does not compile the binding: ${said}; a compiler with C++17 is needed`,
  )
}

function compilerArguments(headers: string, out: string, { platform }: Pick<Target, 'platform'>): string[] {
  // The binding finds the libraries relative to itself, wherever the folder lies.
  const linking =
    platform === 'linux'
      ? ['-shared', '-Wl,-rpath,$ORIGIN/../../deps/lib']
      : ['-bundle', '-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/../../deps/lib']
  return [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-w',
    `-DNAPI_VERSION=${napiVersion}`,
    '-Ideps/include',
    `-I${headers}`,
    'binding/tfjs_backend.cc',
    'binding/tfjs_binding.cc',
    '-o',
    out,
    ...librariesOf({ platform }).files.map(library => join('deps', 'lib', library)),
    ...linking,
  ]
}
