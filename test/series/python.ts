import { spawnSync } from 'node:child_process'

/** Where CI puts the packages that read what we write; a person's own are used as well. */
const env = { ...process.env, PYTHONPATH: process.env.HEARSAY_TEST_PYTHONPATH ?? process.env.PYTHONPATH ?? '' }

/** Is this Python package here? What is missing is skipped, and no failure. */
export function hasPython(name: string): boolean {
  const find = `import importlib.util as i, sys; sys.exit(0 if i.find_spec('${name}') else 1)`
  return spawnSync('python3', ['-c', find], { env }).status === 0
}

/** What a Python program prints, as JSON. @param args - its `sys.argv[1:]` */
export function python(program: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program, ...args], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`python3 ended with ${status}:\n${stderr}`)
  return JSON.parse(stdout)
}
