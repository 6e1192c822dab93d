import { pathToFileURL } from 'node:url'
import { quietVulkan } from './vulkan.js'

/*
 * A program of its own, started by adapter.ts with the path of Dawn's package: prints what the adapter reports about
 * itself as JSON, or null when there is none.
 */

interface DawnPackage {
  create(options: readonly string[]): {
    requestAdapter(options: object): Promise<{ readonly info: Readonly<Record<string, unknown>> } | null>
  }
  readonly globals: object
}

quietVulkan()
const dawn = (await import(pathToFileURL(process.argv[2]!).href)) as DawnPackage
Object.assign(globalThis, dawn.globals)
const adapter = await dawn.create([]).requestAdapter({ powerPreference: 'high-performance' })
const { vendor, architecture, device, description, isFallbackAdapter: fallback } = adapter?.info ?? {}
process.stdout.write(JSON.stringify(adapter && { vendor, architecture, device, description, fallback }))
