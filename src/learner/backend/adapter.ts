import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import * as z from 'zod'
import { readable } from './device.js'

/** Node and a driver start in half a second; a driver that must first wake its GPU in some. */
const askMs = 20_000
const answerBytes = 16 * 1024

const text = z.string().max(10_000).default('').transform(readable)
const adapterSchema = z
  .object({ vendor: text, architecture: text, device: text, description: text, fallback: z.boolean().default(false) })
  .nullable()

/** What a GPU's driver reports about it. */
export type AdapterInfo = NonNullable<z.output<typeof adapterSchema>>

/** What Dawn reports: its adapter, if there is one, and otherwise perhaps why not. */
export interface AdapterAnswer {
  readonly info?: AdapterInfo
  readonly warning?: string
}

/**
 * Asks Dawn for the adapter that it would give us, in a process of its own: drivers write to stderr past us, and one
 * that crashes while it looks for a GPU must not take down a training that could go on without.
 *
 * @param dawnPackage - Dawn's package, as `import` knows it
 * @throws when Dawn does not load or nothing answers in time
 */
export async function askAdapter(dawnPackage: string): Promise<AdapterAnswer> {
  const { resolve } = createRequire(import.meta.url)
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [resolve('#learner/adapter-probe'), resolve(dawnPackage)],
    { timeout: askMs, killSignal: 'SIGKILL', maxBuffer: answerBytes, windowsHide: true },
  )
  const info = adapterSchema.parse(JSON.parse(stdout))
  // "Warning: Vulkan … required": what Dawn misses in a driver that is there.
  const warning = /^Warning: (.*?)\.?$/m.exec(stderr)?.[1]
  return { ...(info && { info }), ...(warning && { warning: readable(warning) }) }
}

/** A driver that computes on the CPU what a GPU should: for tests of correctness, many times slower than wasm. */
export function isSoftware({ fallback, ...names }: AdapterInfo): boolean {
  return fallback || /swiftshader|llvmpipe|lavapipe|basic render|softpipe/i.test(Object.values(names).join(' '))
}
